-- KEYS 1 proposed; ARGV 1 task id, 2 keep ms, 3 most ids.
local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not known and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return {'ok'} end
if not known then
  -- Never before the last one: two may come within one millisecond.
  local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
  redis.call('ZADD', KEYS[1], math.max(now, (tonumber(last) or 0) + 1), ARGV[1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'ok'}
