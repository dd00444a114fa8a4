-- KEYS 1 due; ARGV 1 job key.
redis.call('ZADD', KEYS[1], 'XX', 'LT', now, ARGV[1])
return {'ok'}
