-- KEYS 3 whose turn it is in the pool; ARGV 3 milliseconds that it lasts.
local owner = redis.call('GET', KEYS[3])
if owner and owner ~= ARGV[2] then return {'taken'} end
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
return {'ok'}
