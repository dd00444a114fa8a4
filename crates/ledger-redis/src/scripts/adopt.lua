-- Takes a decided generation over and begins a lease under it.
-- KEYS 1 generation, 2 leases, 3 shards; ARGV 1 id, 2 owner, 3 began at, 4 run id, 5 lease ms,
-- 6 '1' when this tag must have it already, 7 '1' when every other tag has it now, 8 shards.
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then
  if ARGV[6] == '1' then return {'lost'} end
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'id', ARGV[1], 'began_at', ARGV[3], 'run', ARGV[4])
end
redis.call('SET', KEYS[3], ARGV[8])
if ARGV[7] == '1' then redis.call('HSET', KEYS[1], 'formed', '1') end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('ZADD', KEYS[2], now + ARGV[5], ARGV[2])
return {'ok'}
