-- Begins every write, after the clock.
-- KEYS 1 generation, 2 leases; ARGV 1 generation id, 2 owner.
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then return {'generation'} end
if alive(KEYS[2], ARGV[2]) == 0 then return {'fenced'} end
