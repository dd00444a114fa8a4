-- KEYS 1 accepted; ARGV 1 acceptance, 2 ms since which one counts, 3 keep ms.
local there = redis.call('GET', KEYS[1])
if there then
  local read, acceptance = pcall(cjson.decode, there)
  if read and tonumber(acceptance.accepted_at) >= tonumber(ARGV[2]) then return {'ok', there} end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return {'ok', ARGV[1]}
