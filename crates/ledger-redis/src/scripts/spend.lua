-- KEYS 1 what a key has used: `rate`, the µs until which its rate is used up, and by UTC day and month the
-- millionths of a dollar. ARGV 1 submissions a minute (0 = no limit), 2 amount ('' = unpriced), 3 and 4 caps
-- for a day and a month ('' = none), 5 ms that it is kept. Decides as `job::Allowance`.
local per_minute, amount = tonumber(ARGV[1]), tonumber(ARGV[2])
local today = date(math.floor(now / 86400000))
local this_month = string.sub(today, 1, 7)

local used = {}
local found = redis.call('HGETALL', KEYS[1])
for i = 1, #found, 2 do used[found[i]] = found[i + 1] end

local function over(period, cap)
  local sum = used[period] or '0'
  if cap == '' or not amount or tonumber(sum) + amount <= tonumber(cap) then return nil end
  return {'over', period, cap, sum}
end

-- The cap that lasts longest first.
local refused = over(this_month, ARGV[4]) or over(today, ARGV[3])
if refused then return refused end

local left = false
if per_minute > 0 then
  local interval, ahead = interval_us(per_minute), ahead_us(per_minute, per_minute)
  local used_up = bounded(tonumber(used.rate or '0'), per_minute, ahead)
  local at = next_ms(used_up, ahead)
  if at then return {'rate', string.format('%.0f', at)} end
  used_up = math.max(used_up, now * 1000) + interval
  redis.call('HSET', KEYS[1], 'rate', string.format('%.0f', used_up))
  left = string.format('%.0f', math.floor((now * 1000 + ahead - used_up) / interval) + 1)
end

for _, period in ipairs({today, this_month}) do
  if amount then redis.call('HINCRBY', KEYS[1], period, ARGV[2]) end
end
-- Periods that are over. A later one was stored by a clock that has been set back since.
for field in pairs(used) do
  local of_same_length = #field == #today and today or this_month
  if field ~= 'rate' and field < of_same_length then redis.call('HDEL', KEYS[1], field) end
end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return {'yes', string.format('%.0f', now), left}
