-- ARGV 3 lease ms.
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[2])
return {'ok', now, redis.call('HGET', KEYS[1], 'opens_at') or ''}
