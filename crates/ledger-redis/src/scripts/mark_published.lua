-- KEYS 1 accepted; ARGV 1 acceptance, 2 the same, published.
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL') end
return {'ok'}
