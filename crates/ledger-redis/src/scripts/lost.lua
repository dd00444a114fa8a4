-- Kept with the generation and gone with it. Called on the deciding shard.
redis.call('HSET', KEYS[1], 'lost', '1')
return {'ok'}
