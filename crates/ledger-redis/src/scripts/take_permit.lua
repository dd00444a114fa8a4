-- KEYS 3 held in the pool, 4 used in the pool, 5 the day's count; ARGV 3 holder, 4 weight,
-- 5 slots in the pool, 6 submissions a day (0 = no limit), 7 the record's revision. Who asks
-- under a limit is about to use it: its time begins anew. Who asks for more than is held takes
-- the difference, and who asks for less may be the second of two: what is held stays.
local DAY = 86400000
local today = math.floor(now / DAY)
local day = redis.call('HMGET', KEYS[5], 'day', 'count')
local count = tonumber(day[1]) == today and tonumber(day[2]) or 0
local used = tonumber(redis.call('GET', KEYS[4]) or '0')
local slots, revision, wanted = tonumber(ARGV[5]), tonumber(ARGV[7]), tonumber(ARGV[4])
local permit = redis.call('HGET', KEYS[3], ARGV[3])
if permit then
  local weight, since, asked = string.match(permit, '^(%d+):(%d+):?(%d*)$')
  -- What cannot be read holds nothing.
  weight, since, asked = tonumber(weight) or 0, since or '0', asked or ''
  local newer, more = revision > (tonumber(asked) or 0), math.max(wanted - weight, 0)
  if slots == 0 or used + more <= slots then
    if slots > 0 then since = string.format('%.0f', now) end
    local latest = newer and ARGV[7] or (asked ~= '' and asked or '0')
    redis.call('HSET', KEYS[3], ARGV[3], weight + more .. ':' .. since .. ':' .. latest)
    redis.call('INCRBY', KEYS[4], more)
    return {'ok'}
  end
  if not newer then return {'at_limit', used} end
  redis.call('HDEL', KEYS[3], ARGV[3])
  redis.call('DECRBY', KEYS[4], weight)
  return {'at_limit', used - weight}
end
if tonumber(ARGV[6]) > 0 and count >= tonumber(ARGV[6]) then
  return {'day_over', (today + 1) * DAY}
end
if slots > 0 and used + wanted > slots then
  return {'at_limit', used}
end
local permit = ARGV[4] .. ':' .. string.format('%.0f', now) .. ':' .. ARGV[7]
redis.call('HSET', KEYS[3], ARGV[3], permit)
redis.call('INCRBY', KEYS[4], ARGV[4])
redis.call('HSET', KEYS[5], 'day', today, 'count', count + 1)
return {'ok'}
