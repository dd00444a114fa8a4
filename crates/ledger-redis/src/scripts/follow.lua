-- Becomes or stays the only follower of the journal. Called on the deciding shard.
local follower = redis.call('HGET', KEYS[1], 'follower')
if follower and follower ~= ARGV[2] and alive(KEYS[2], follower) == 1 then return {'taken'} end
redis.call('HSET', KEYS[1], 'follower', ARGV[2])
return {'ok', redis.call('HEXISTS', KEYS[1], 'lost')}
