-- The slots that may be used now, of so many, or while no limit is stored of `begin`; 0 = no limit. And
-- until when nothing is granted, if the pool is paused; the longest pause is ten minutes.
local function slots_now(found, concurrency, begin)
  if concurrency == 0 then return 0 end
  local stored = redis.call('HMGET', found, 'slots', 'paused_until')
  local slots, ends = tonumber(stored[1]), tonumber(stored[2])
  if not slots then slots = begin > 0 and begin or concurrency end
  return math.min(concurrency, math.max(slots, 1)), ends and ends > now and ends - now <= 600000 and ends or nil
end
