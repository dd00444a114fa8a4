-- KEYS 1 queue, 2 tenants, 3 used by tenant; ARGV 1 most tenants.
local rows = {}
for i, tenant in ipairs(redis.call('ZRANGE', KEYS[2], 0, ARGV[1] - 1)) do
  local waiting = redis.call('ZLEXCOUNT', KEYS[1], '[' .. tenant .. '\n', '(' .. tenant .. '\11')
  rows[i] = {tenant, waiting, tonumber(redis.call('HGET', KEYS[3], tenant) or '0')}
end
return {'ok', rows}
