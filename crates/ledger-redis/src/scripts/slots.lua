-- The slots of a pool. `of`: its keys `held` (a hash by holder) and `used` (their sum). A holder is
-- <tenant>/<id>#<round>.
local DAY = 86400000
local today = math.floor(now / DAY)

-- Adds to, or with a negative weight takes from what is used. Some versions write -0 as "-0".
local function count_slots(of, weight)
  if weight ~= 0 then redis.call('INCRBY', of.used, weight) end
end

-- Whether anything is held, and its weight, time and revision. What cannot be read has no weight.
local function read_held(of, holder)
  local permit = redis.call('HGET', of.held, holder)
  local weight, since, asked = string.match(permit or '', '^(%d+):(%d+):?(%d*)$')
  return permit ~= false, tonumber(weight), since or '0', tonumber(asked) or 0
end

local function submissions(day)
  local counted = redis.call('HMGET', day, 'day', 'count')
  return tonumber(counted[1]) == today and tonumber(counted[2]) or 0
end

local function free_slots(of, day, holder, weight, unspent)
  redis.call('HDEL', of.held, holder)
  count_slots(of, -weight)
  local count = unspent and submissions(day) or 0
  if count > 0 then redis.call('HSET', day, 'count', count - 1) end
end

-- Takes slots if they are free, or at a later revision takes over those that are held. Who asks
-- under a limit is about to use it: its time begins anew. Who asks for more than is held takes the
-- difference, and who asks for less may be the second of two: what is held stays. 'new': nothing was
-- held. Also returns whether it gave back what was held.
local function take_slots(of, day, limit, holder, wanted, revision)
  local used = tonumber(redis.call('GET', of.used) or '0')
  local holds, weight, since, asked = read_held(of, holder)
  if holds then
    weight = weight or 0
    local more = math.max(wanted - weight, 0)
    if limit.slots == 0 or used + more <= limit.slots then
      if limit.slots > 0 then since = string.format('%.0f', now) end
      local latest = string.format('%.0f', math.max(revision, asked))
      redis.call('HSET', of.held, holder, weight + more .. ':' .. since .. ':' .. latest)
      count_slots(of, more)
      return {'ok'}
    end
    if revision <= asked then return {'at_limit', used} end
    redis.call('HDEL', of.held, holder)
    count_slots(of, -weight)
    return {'at_limit', used - weight}, true
  end
  local count = submissions(day)
  if limit.day > 0 and count >= limit.day then return {'day_over', (today + 1) * DAY} end
  if limit.slots > 0 and used + wanted > limit.slots then return {'at_limit', used} end
  local permit = wanted .. string.format(':%.0f:%.0f', now, revision)
  redis.call('HSET', of.held, holder, permit)
  count_slots(of, wanted)
  redis.call('HSET', day, 'day', today, 'count', count + 1)
  return {'ok', 'new'}
end
