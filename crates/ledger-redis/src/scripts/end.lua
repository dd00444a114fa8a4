-- Ends a generation, if it is still this one. KEYS 1 generation; ARGV 1 id.
if redis.call('HGET', KEYS[1], 'id') == ARGV[1] then redis.call('DEL', KEYS[1]) end
return {'ok'}
