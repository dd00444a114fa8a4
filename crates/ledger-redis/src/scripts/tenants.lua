-- Slots held in a pool, by tenant. A holder begins with its tenant and a slash.
local function used_by_tenant(held)
  local used, values = {}, redis.call('HGETALL', held)
  for i = 1, #values, 2 do
    local tenant = string.match(values[i], '^([^/]*)/') or ''
    local weight = tonumber(string.match(values[i + 1], '^(%d+):') or 0)
    used[tenant] = (used[tenant] or 0) + weight
  end
  return used
end
