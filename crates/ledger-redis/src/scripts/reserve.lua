-- ARGV 3 holder, 4 tenant, 5 model, 6 amount ('' = unpriced), 7 '1' if an amount over a cap is refused,
-- 8 '1' if the tenant always has a name, 9 most names, 10 and 11 caps of the account for a day and a month
-- ('' = none), 12 and 13 of the tenant, 14 and 15 ms that tables are kept.
local held = read_reservation(ARGV[3])
if held then
  write_reservation(ARGV[3], held.amount, held.parts)
  return {'ok'}
end
local amount, most = tonumber(ARGV[6]) or 0, tonumber(ARGV[9])

-- The name under which it is counted: '' once there are too many.
local function counted_as(of, whose, name, always)
  if name == '' or redis.call('HEXISTS', of, field('s', whose, name)) == 1 then return name end
  local names = tonumber(redis.call('HGET', of, field('n', whose, '')) or '0')
  return (always or names < most) and name or ''
end

local today = date(math.floor(now / 86400000))
local parts = {
  {period = today, kept = ARGV[14], account = ARGV[10], cap = ARGV[12]},
  {period = string.sub(today, 1, 7), kept = ARGV[15], account = ARGV[11], cap = ARGV[13]},
}
for _, part in ipairs(parts) do
  part.of = table_of(part.period)
  part.tenant = counted_as(part.of, 't', ARGV[4], ARGV[8] == '1')
  part.model = counted_as(part.of, 'm', ARGV[5], false)
end

-- Counts one more, and each name that is new.
local function add(what, more)
  for _, part in ipairs(parts) do
    each_spender(part, function(whose, name)
      if redis.call('HSETNX', part.of, field('s', whose, name), '0') == 1 and name ~= '' then
        redis.call('HINCRBY', part.of, field('n', whose, ''), 1)
      end
      redis.call('HINCRBY', part.of, field(what, whose, name), more)
    end)
    redis.call('PEXPIRE', part.of, part.kept)
  end
end

local function used(part, whose, name)
  local sums = redis.call('HMGET', part.of, field('s', whose, name), field('r', whose, name))
  return (tonumber(sums[1]) or 0) + (tonumber(sums[2]) or 0)
end

local function over(part, whose, name, cap)
  if cap == '' then return nil end
  local sum = used(part, whose, name)
  if sum + amount <= tonumber(cap) then return nil end
  if ARGV[7] == '1' then add('f', 1) end
  return {'over', whose, part.period, string.format('%.0f', sum), cap}
end

-- The cap that lasts longest first.
for _, part in ipairs({parts[2], parts[1]}) do
  local refused = over(part, 'a', '', part.account) or over(part, 't', part.tenant, part.cap)
  if refused then return refused end
end
if ARGV[6] == '' then add('u', 1) else add('r', ARGV[6]) end
write_reservation(ARGV[3], ARGV[6], parts)
return {'ok'}
