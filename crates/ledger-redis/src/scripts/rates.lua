-- The rates of an account and its tenants, of which as many as are due in a second may be made at once.
-- `rates`: a sorted set of the µs until which the rate is used up, by tenant, and of the account as ''.
local now_us = time[1] * 1000000 + time[2]

local function ahead_in_a_second(per_minute)
  return ahead_us(per_minute, math.floor(per_minute / 60))
end

local function used_up_until(rates, name, per_minute)
  local used_up = tonumber(redis.call('ZSCORE', rates, name) or 0)
  return bounded(used_up, per_minute, ahead_in_a_second(per_minute))
end

-- The ms from which a submission may be made, if it may not be made now.
local function next_by_rate(rates, name, per_minute)
  if per_minute == 0 then return nil end
  return next_ms(used_up_until(rates, name, per_minute), ahead_in_a_second(per_minute))
end

-- Names whose rate is not used up are not kept.
local function count_by_rate(rates, name, per_minute)
  if per_minute == 0 then return end
  redis.call('ZREMRANGEBYSCORE', rates, '-inf', string.format('%.0f', now_us))
  local used_up = math.max(used_up_until(rates, name, per_minute), now_us)
  redis.call('ZADD', rates, string.format('%.0f', used_up + interval_us(per_minute)), name)
end
