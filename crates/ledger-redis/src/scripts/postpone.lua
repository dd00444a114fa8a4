-- KEYS 3 outbox, 4 outbox tries; ARGV 3 member, 4 wait ms.
if redis.call('ZSCORE', KEYS[3], ARGV[3]) then
  redis.call('ZADD', KEYS[3], now + ARGV[4], ARGV[3])
  redis.call('HINCRBY', KEYS[4], ARGV[3], 1)
end
return {'ok'}
