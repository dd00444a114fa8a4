-- Begins every script that asks for the time or for a lease: the store's time, in ms.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function alive(leases, owner)
  local ends = owner and owner ~= '' and redis.call('ZSCORE', leases, owner)
  return ends and tonumber(ends) > now and 1 or 0
end
