-- KEYS 1 leases, 2 record.
local there = redis.call('HMGET', KEYS[2], 'v', 'b', 'o', 'r')
if not there[1] then return {'gone'} end
return {'ok', there[1], there[2], alive(KEYS[1], there[3]), there[4]}
