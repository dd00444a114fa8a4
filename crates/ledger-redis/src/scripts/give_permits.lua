-- KEYS 3 the day's count, then held and used of each permit's pool; ARGV 3.. of each permit its
-- holder, '1' when unspent, the record's revision, and the latest time that it may be held since:
-- what was asked for after either stays.
local today = math.floor(now / 86400000)
for i = 0, (#ARGV - 2) / 4 - 1 do
  local held, used = KEYS[4 + 2 * i], KEYS[5 + 2 * i]
  local holder, unspent = ARGV[3 + 4 * i], ARGV[4 + 4 * i]
  local revision, latest = tonumber(ARGV[5 + 4 * i]), tonumber(ARGV[6 + 4 * i])
  local permit = redis.call('HGET', held, holder)
  local weight, since, asked = string.match(permit or '', '^(%d+):(%d+):?(%d*)$')
  if weight and revision > (tonumber(asked) or 0) and tonumber(since) <= latest then
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
