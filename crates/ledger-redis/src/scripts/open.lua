-- ARGV 3 when jobs may be submitted. Called on the deciding shard.
redis.call('HSETNX', KEYS[1], 'opens_at', ARGV[3])
return {'ok'}
