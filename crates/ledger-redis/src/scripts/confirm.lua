-- KEYS 3 granted; ARGV 3.. holders.
for i = 3, #ARGV do redis.call('HDEL', KEYS[3], ARGV[i]) end
return {'ok'}
