-- KEYS 3 the day's count, then held and used of each permit's pool; ARGV 3.. of each permit its
-- holder, '1' when unspent, and the record's revision: what was asked for since stays.
local today = math.floor(now / 86400000)
for i = 0, (#ARGV - 2) / 3 - 1 do
  local held, used = KEYS[4 + 2 * i], KEYS[5 + 2 * i]
  local holder, unspent, revision = ARGV[3 + 3 * i], ARGV[4 + 3 * i], tonumber(ARGV[5 + 3 * i])
  local permit = redis.call('HGET', held, holder)
  local weight, asked = string.match(permit or '', '^(%d+):%d+:?(%d*)$')
  if weight and revision > (tonumber(asked) or 0) then
    redis.call('HDEL', held, holder)
    redis.call('DECRBY', used, weight)
    local day = redis.call('HMGET', KEYS[3], 'day', 'count')
    local count = tonumber(day[1]) == today and tonumber(day[2]) or 0
    if unspent == '1' and count > 0 then
      redis.call('HSET', KEYS[3], 'count', count - 1)
    end
  end
end
return {'ok'}
