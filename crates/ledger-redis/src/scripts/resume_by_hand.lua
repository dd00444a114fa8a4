-- ARGV 1 scope.
local removed = redis.call('HDEL', KEYS[1], ARGV[1])
keep_until_the_last()
return {removed == 1 and 'ok' or 'absent'}
