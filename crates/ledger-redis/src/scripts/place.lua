-- KEYS 1 queue, 2 waiting, 3 tenants; ARGV 1 holder.
local name = redis.call('HGET', KEYS[2], ARGV[1])
if not name then return {'absent'} end
local tenant = string.match(name, '^([^\n]*)\n')
local ahead = redis.call('ZLEXCOUNT', KEYS[1], '[' .. tenant .. '\n', '(' .. name)
return {'ok', ahead, redis.call('HLEN', KEYS[2]), redis.call('ZCARD', KEYS[3])}
