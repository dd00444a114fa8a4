-- KEYS 3 outbox, 4 outbox bodies, 5 outbox tries; ARGV 3 limit, 4 lease ms.
local limit = tonumber(ARGV[3])
local first = redis.call('ZRANGE', KEYS[3], 0, limit, 'WITHSCORES')
local items, later = {}, ''
for i = 1, #first, 2 do
  local member, score = first[i], tonumber(first[i + 1])
  if score > now or i > limit * 2 then
    later = score
    break
  end
  local body = redis.call('HGET', KEYS[4], member)
  if body then
    redis.call('ZADD', KEYS[3], now + ARGV[4], member)
    items[#items + 1] = {score, member, body, redis.call('HGET', KEYS[5], member) or '0'}
  else
    redis.call('ZREM', KEYS[3], member)
  end
end
return {'ok', now, later, items}
