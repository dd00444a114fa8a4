-- The first joiner decides. KEYS 1 generation of the deciding shard;
-- ARGV 1 id, 2 began at, 3 run id. One that began at the epoch has nothing to remember.
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'id', ARGV[1], 'began_at', ARGV[2], 'run', ARGV[3])
  if ARGV[2] == '0' then redis.call('HSET', KEYS[1], 'opens_at', '0') end
end
local there = redis.call('HMGET', KEYS[1], 'id', 'began_at', 'formed')
return {'ok', there[1], there[2], there[3] or '0'}
