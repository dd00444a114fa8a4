-- KEYS 3 the pool's limit; ARGV 3 the version that is replaced, 4 slots, 5 ms until which it is paused, 6
-- the limit in JSON, 7 channel to wake those that wait.
local stored = redis.call('HMGET', KEYS[3], 'version', 'slots', 'paused_until')
local version, slots, ends = tonumber(stored[1]) or 0, tonumber(stored[2]), tonumber(stored[3])
if version ~= tonumber(ARGV[3]) then return {'stale'} end
redis.call('HSET', KEYS[3], 'version', version + 1, 'slots', ARGV[4], 'paused_until', ARGV[5], 'limit', ARGV[6])
if not slots or slots < tonumber(ARGV[4]) or (ends or 0) > tonumber(ARGV[5]) then
  redis.call('PUBLISH', ARGV[7], '')
end
return {'ok'}
