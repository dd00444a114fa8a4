-- The slots of a pool. `of`: its keys `held` (a hash by holder), `used` (their sum) and `by_tenant`
-- (a hash of sums). A holder is <tenant>/<id>#<round>.
local DAY = 86400000
local today = math.floor(now / DAY)

local function tenant_of(holder)
  return string.match(holder, '^([^/]*)/') or ''
end

-- Adds to, or with a negative weight takes from what is used.
local function count_slots(of, holder, weight)
  local tenant = tenant_of(holder)
  redis.call('INCRBY', of.used, weight)
  if redis.call('HINCRBY', of.by_tenant, tenant, weight) <= 0 then
    redis.call('HDEL', of.by_tenant, tenant)
  end
end

-- Weight, time and revision of what is held. What cannot be read holds nothing.
local function read_held(of, holder)
  local permit = redis.call('HGET', of.held, holder)
  if not permit then return nil end
  local weight, since, asked = string.match(permit, '^(%d+):(%d+):?(%d*)$')
  return tonumber(weight) or 0, since or '0', tonumber(asked) or 0
end

local function submissions(day)
  local counted = redis.call('HMGET', day, 'day', 'count')
  return tonumber(counted[1]) == today and tonumber(counted[2]) or 0
end

local function free_slots(of, day, holder, weight, unspent)
  redis.call('HDEL', of.held, holder)
  count_slots(of, holder, -weight)
  local count = submissions(day)
  if unspent and count > 0 then redis.call('HSET', day, 'count', count - 1) end
end

-- Takes slots if they are free, or at a later revision takes over those that are held. Who asks
-- under a limit is about to use it: its time begins anew. Who asks for more than is held takes the
-- difference, and who asks for less may be the second of two: what is held stays.
local function take_slots(of, day, limit, holder, wanted, revision)
  local used = tonumber(redis.call('GET', of.used) or '0')
  local weight, since, asked = read_held(of, holder)
  if weight then
    local more = math.max(wanted - weight, 0)
    if limit.slots == 0 or used + more <= limit.slots then
      if limit.slots > 0 then since = string.format('%.0f', now) end
      local latest = string.format('%.0f', math.max(revision, asked))
      redis.call('HSET', of.held, holder, weight + more .. ':' .. since .. ':' .. latest)
      count_slots(of, holder, more)
      return {'ok'}
    end
    if revision <= asked then return {'at_limit', used} end
    redis.call('HDEL', of.held, holder)
    count_slots(of, holder, -weight)
    return {'at_limit', used - weight}
  end
  local count = submissions(day)
  if limit.day > 0 and count >= limit.day then return {'day_over', (today + 1) * DAY} end
  if limit.slots > 0 and used + wanted > limit.slots then return {'at_limit', used} end
  local permit = wanted .. string.format(':%.0f:%.0f', now, revision)
  redis.call('HSET', of.held, holder, permit)
  count_slots(of, holder, wanted)
  redis.call('HSET', day, 'day', today, 'count', count + 1)
  return {'ok'}
end
