-- KEYS 3 the day's count, then held and used of each permit's pool; ARGV 3.. holder and '1'
-- when unspent, of each permit.
local today = math.floor(now / 86400000)
for i = 3, #ARGV, 2 do
  local held, used = KEYS[i + 1], KEYS[i + 2]
  local permit = redis.call('HGET', held, ARGV[i])
  if permit then
    redis.call('HDEL', held, ARGV[i])
    redis.call('DECRBY', used, string.match(permit, '^%d+'))
    local day = redis.call('HMGET', KEYS[3], 'day', 'count')
    local count = tonumber(day[1]) == today and tonumber(day[2]) or 0
    if ARGV[i + 1] == '1' and count > 0 then
      redis.call('HSET', KEYS[3], 'count', count - 1)
    end
  end
end
return {'ok'}
