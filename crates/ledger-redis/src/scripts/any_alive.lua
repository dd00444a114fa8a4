-- KEYS 1 leases.
return {'ok', #redis.call('ZRANGE', KEYS[1], '(' .. now, '+inf', 'BYSCORE', 'LIMIT', 0, 1)}
