-- KEYS 1 queue, 2 tenants, 3 held in the pool; ARGV 1 rank of the last tenant.
local rows, used = {}, used_by_tenant(KEYS[3])
for i, tenant in ipairs(redis.call('ZRANGE', KEYS[2], 0, ARGV[1])) do
  local waiting = redis.call('ZLEXCOUNT', KEYS[1], '[' .. tenant .. '\n', '(' .. tenant .. '\11')
  rows[i] = {tenant, waiting, used[tenant] or 0}
end
return {'ok', rows}
