-- KEYS 3 held in the pool, 4 used in the pool, 5 the day's count; ARGV 3 holder, 4 weight,
-- 5 slots in the pool, 6 submissions a day (0 = no limit).
if redis.call('HEXISTS', KEYS[3], ARGV[3]) == 1 then return {'ok'} end
local DAY = 86400000
local today = math.floor(now / DAY)
local day = redis.call('HMGET', KEYS[5], 'day', 'count')
local count = tonumber(day[1]) == today and tonumber(day[2]) or 0
if tonumber(ARGV[6]) > 0 and count >= tonumber(ARGV[6]) then
  return {'day_over', (today + 1) * DAY}
end
local used = tonumber(redis.call('GET', KEYS[4]) or '0')
if tonumber(ARGV[5]) > 0 and used + ARGV[4] > tonumber(ARGV[5]) then
  return {'at_limit', used}
end
redis.call('HSET', KEYS[3], ARGV[3], ARGV[4] .. ':' .. string.format('%.0f', now))
redis.call('INCRBY', KEYS[4], ARGV[4])
redis.call('HSET', KEYS[5], 'day', today, 'count', count + 1)
return {'ok'}
