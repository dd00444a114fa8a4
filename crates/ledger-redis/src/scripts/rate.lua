-- How many submissions a minute are made, as in `job::Rate`: `at_once` is how many may be made after a rest,
-- `used_up` the µs until which the rate is used up.
local function interval_us(per_minute)
  return math.ceil(60000000 / per_minute)
end

local function ahead_us(per_minute, at_once)
  return (math.max(at_once, 1) - 1) * interval_us(per_minute)
end

-- A later moment was stored by a clock that has been set back since.
local function bounded(used_up, per_minute, ahead)
  return math.min(used_up, (now + 1) * 1000 + ahead + interval_us(per_minute))
end

-- The ms from which a submission may be made, if it may not be made now.
local function next_ms(used_up, ahead)
  local at = math.ceil((used_up - ahead) / 1000)
  return at > now and at or nil
end
