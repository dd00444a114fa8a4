-- ARGV 1 scope, 2 value as above, 3 most pauses.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 and #paused >= tonumber(ARGV[3]) then
  return {'full'}
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
keep_until_the_last()
return {'ok'}
