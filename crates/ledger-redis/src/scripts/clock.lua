-- Begins every script that asks for the time or for a lease: the store's time, in ms.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function ends(leases, owner)
  return tonumber(owner and owner ~= '' and redis.call('ZSCORE', leases, owner) or 0)
end

local function alive(leases, owner)
  return ends(leases, owner) > now and 1 or 0
end
