-- KEYS 1 queue, 2 waiting, 3 tenants; ARGV 1 holder.
local name = redis.call('HGET', KEYS[2], ARGV[1])
local tenant = string.match(name or '', '^([^\n]*)\n')
if not tenant then return {'absent'} end
local ahead = redis.call('ZLEXCOUNT', KEYS[1], '[' .. tenant .. '\n', '(' .. name)
return {'ok', ahead, redis.call('HLEN', KEYS[2]), redis.call('ZCARD', KEYS[3])}
