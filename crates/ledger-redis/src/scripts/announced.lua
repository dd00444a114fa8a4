-- KEYS 3 outbox, 4 outbox bodies, 5 outbox tries, 6.. the records; ARGV 3 retention ms,
-- 4.. the members of these records, in the same order. A body begins with 'c' when the
-- entry closes its record.
for i = 4, #ARGV do
  local body, record = redis.call('HGET', KEYS[4], ARGV[i]), KEYS[i + 2]
  if body then
    redis.call('ZREM', KEYS[3], ARGV[i])
    redis.call('HDEL', KEYS[4], ARGV[i])
    redis.call('HDEL', KEYS[5], ARGV[i])
    if string.sub(body, 1, 1) == 'c' and redis.call('HGET', record, 'f') == '1' then
      redis.call('PEXPIRE', record, ARGV[3])
    end
  end
end
return {'ok'}
