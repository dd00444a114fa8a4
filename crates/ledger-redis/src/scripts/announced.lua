-- KEYS 3 outbox, 4 outbox bodies, 5 outbox tries, 6.. the records; ARGV 3 retention ms,
-- 4.. the members of these records, in the same order. A body begins with 'c' when the
-- entry closes its record: its retention begins with the last of them. Those written by an
-- earlier version are not counted.
local function close(record)
  -- A record of another kind than ours is an error, and must not keep the others unmarked.
  local settled = redis.pcall('HGET', record, 'f')
  if settled ~= '0' and settled ~= '1' then return end
  local waiting = redis.pcall('HINCRBY', record, 'w', -1)
  if type(waiting) == 'number' and waiting < 0 then
    redis.call('HSET', record, 'w', 0)
    waiting = 0
  end
  if settled == '1' and waiting == 0 then redis.call('PEXPIRE', record, ARGV[3]) end
end

for i = 4, #ARGV do
  local body = redis.call('HGET', KEYS[4], ARGV[i])
  if body then
    redis.call('ZREM', KEYS[3], ARGV[i])
    redis.call('HDEL', KEYS[4], ARGV[i])
    redis.call('HDEL', KEYS[5], ARGV[i])
    if string.sub(body, 1, 1) == 'c' then close(KEYS[i + 2]) end
  end
end
return {'ok'}
