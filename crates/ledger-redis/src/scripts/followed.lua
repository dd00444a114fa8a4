-- KEYS 3 followed; ARGV 3 the first line that was not compared.
redis.call('SET', KEYS[3], ARGV[3])
return {'ok'}
