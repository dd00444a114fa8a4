-- KEYS 1 the pool's limit, 2 used in the pool.
local stored = redis.call('HMGET', KEYS[1], 'limit', 'version')
return {'ok', stored[1] or '', tonumber(stored[2]) or 0, tonumber(redis.call('GET', KEYS[2])) or 0, now}
