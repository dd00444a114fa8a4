-- KEYS 3 the task's owner; ARGV 3 holder, 4 keep ms.
local owner = redis.call('GET', KEYS[3])
if owner and owner ~= ARGV[3] then return {'taken'} end
redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4])
return {'ok'}
