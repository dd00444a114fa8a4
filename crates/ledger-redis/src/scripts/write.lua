-- Writes a record over an expected version, with its index changes.
-- KEYS 3 record, 4 due, 5 outbox, 6 outbox bodies, 7 outbox tries; ARGV 3 expected version
-- ('' = absent), 4 job key, 5 body, 6 submitting owner, 7 state, 8 settled, 9 created at,
-- 10 due ('' = not), 11 outbox lease ms, 12 revision, 13 ms until it is forgotten ('' = never),
-- 14 digest of the request ('' = none, '=' = the one that is kept), 15 the request ('' = kept
-- already), 16 operation, 17 the state whose names are swept ('' = none), 18 and 19 as in
-- `ended`, 20.. outbox members and bodies in turn. After the keys, those of `listed` and `ended`.
local before = redis.call('HMGET', KEYS[3], 'v', 'd', 's', 'c', 'f')
local version = before[1] or ''
if version ~= ARGV[3] then
  if version == '' then return {'gone'} end
  local there = redis.call('HMGET', KEYS[3], 'b', 'o')
  return {'stale', version, there[1], alive(KEYS[2], there[2])}
end
local digest, request = ARGV[14], ARGV[15]
local kept = before[2] or ''
local lacks = kept == '' or digest ~= '=' and digest ~= kept
if digest ~= '' and request == '' and lacks then return {'lacking'} end
local next = (tonumber(version) or 0) + 1
-- The first write: a full server refuses this one, and nothing is half written.
redis.call('HSET', KEYS[3], 'v', next, 'b', ARGV[5], 'o', ARGV[6], 's', ARGV[7],
  'f', ARGV[8], 'c', ARGV[9], 'n', ARGV[12], 'p', ARGV[16])
list_record(before[3], before[4])
count_ended(before[5])
if ARGV[17] ~= '' then sweep_listed(ARGV[17]) end
if digest == '' then
  redis.call('HDEL', KEYS[3], 'd', 'r')
elseif request ~= '' then
  redis.call('HSET', KEYS[3], 'd', digest, 'r', request)
end
if ARGV[13] == '' then
  redis.call('PERSIST', KEYS[3])
else
  redis.call('PEXPIRE', KEYS[3], ARGV[13])
end
if ARGV[10] == '' then
  redis.call('ZREM', KEYS[4], ARGV[4])
else
  redis.call('ZADD', KEYS[4], ARGV[10], ARGV[4])
end
for i = 20, #ARGV, 2 do
  redis.call('ZADD', KEYS[5], now + ARGV[11], ARGV[i])
  local is_new = redis.call('HSET', KEYS[6], ARGV[i], ARGV[i + 1]) == 1
  if is_new and string.sub(ARGV[i + 1], 1, 1) == 'c' then
    redis.call('HINCRBY', KEYS[3], 'w', 1)
  end
  redis.call('HDEL', KEYS[7], ARGV[i])
end
return {'ok', next}
