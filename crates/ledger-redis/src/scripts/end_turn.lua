-- KEYS 3 whose turn it is in the pool.
if redis.call('GET', KEYS[3]) == ARGV[2] then redis.call('DEL', KEYS[3]) end
return {'ok'}
