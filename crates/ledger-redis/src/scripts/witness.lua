-- Another server process than the one that began the generation may have lost writes:
-- the generation ends. KEYS 1 generation; ARGV 1 run id.
local run = redis.call('HGET', KEYS[1], 'run')
if run and run ~= ARGV[1] then
  redis.call('DEL', KEYS[1])
  return {'ended'}
end
return {'ok'}
