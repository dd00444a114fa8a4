-- KEYS 3 due; ARGV 3 limit, 4 lease ms, 5 what a record's key begins with: the record keys
-- are only known in here, and share the tag of KEYS.
local limit = tonumber(ARGV[3])
local first = redis.call('ZRANGE', KEYS[3], 0, limit, 'WITHSCORES')
local items, later = {}, ''
for i = 1, #first, 2 do
  local member, score = first[i], tonumber(first[i + 1])
  if score > now or i > limit * 2 then
    later = score
    break
  end
  -- A key of another kind is an error, and must not keep the others from being claimed.
  local there = redis.pcall('HMGET', ARGV[5] .. member, 'v', 'b', 'o')
  if there.err then there = {'0', '', false} end
  if there[1] then
    local back, owned = now + ARGV[4], ends(KEYS[2], there[3])
    local lives = owned > now
    if lives and owned < back then back = owned end
    redis.call('ZADD', KEYS[3], back, member)
    items[#items + 1] = {score, member, there[1], there[2], lives and 1 or 0}
  else
    redis.call('ZREM', KEYS[3], member)
  end
end
return {'ok', now, later, items}
