-- How many submissions a minute are made, as in `job::Rate`. `rates`: a sorted set of the µs until which
-- the rate is used up, by tenant, and of the account as ''.
local now_us = time[1] * 1000000 + time[2]

local function interval_us(per_minute)
  return math.ceil(60000000 / per_minute)
end

local function ahead_us(per_minute)
  return math.max(math.floor(per_minute / 60) - 1, 0) * interval_us(per_minute)
end

-- Until when it is used up. A later moment was stored by a clock that has been set back since.
local function used_up_until(rates, name, per_minute)
  local latest = (now + 1) * 1000 + ahead_us(per_minute) + interval_us(per_minute)
  return math.min(tonumber(redis.call('ZSCORE', rates, name) or 0), latest)
end

-- The ms from which a submission may be made, if it may not be made now.
local function next_by_rate(rates, name, per_minute)
  if per_minute == 0 then return nil end
  local at = math.ceil((used_up_until(rates, name, per_minute) - ahead_us(per_minute)) / 1000)
  return at > now and at or nil
end

-- Names whose rate is not used up are not kept.
local function count_by_rate(rates, name, per_minute)
  if per_minute == 0 then return end
  redis.call('ZREMRANGEBYSCORE', rates, '-inf', string.format('%.0f', now_us))
  local used_up = math.max(used_up_until(rates, name, per_minute), now_us)
  redis.call('ZADD', rates, string.format('%.0f', used_up + interval_us(per_minute)), name)
end
