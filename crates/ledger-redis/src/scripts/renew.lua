-- ARGV 3 lease ms.
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[2])
return {'ok'}
