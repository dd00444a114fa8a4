-- The index of lists: sorted sets of the records in each state, and of those of each tenant, by names
-- that begin with the time of creation. A set has all states that a job passes quickly. KEYS 8, 9: what
-- is before the name of a set, of a tenant. The index is for people: if it is damaged, records are
-- written all the same.
local PASSED = {queued = true, submitting = true, pending = true}

local function set_of(state)
  return KEYS[8] .. (PASSED[state] and 'active' or state)
end

local function set_of_tenant(key)
  return KEYS[9] .. string.match(key, '^[^/]*')
end

local function listed_name(key, created)
  return string.format('%013d\n%s', tonumber(created) or 0, key)
end

-- The record was written over one with this state and this time of creation, if there was one.
local function list_record(state, created)
  local same_time, set = created == ARGV[9], set_of(ARGV[7])
  if state and same_time and set_of(state) == set then return end
  local was_listed = 0
  if state then
    local old = listed_name(ARGV[4], created)
    was_listed = redis.pcall('ZREM', set_of(state), old)
    if not same_time then redis.pcall('ZREM', set_of_tenant(ARGV[4]), old) end
  end
  local name = listed_name(ARGV[4], ARGV[9])
  redis.pcall('ZADD', set, 0, name)
  if not same_time or was_listed ~= 1 then redis.pcall('ZADD', set_of_tenant(ARGV[4]), 0, name) end
end

-- Records expire, and their names stay: the oldest of a state are removed, a few at a time. Some may
-- live longer than those after them.
local function sweep_listed(swept)
  local set, records = set_of(swept), string.sub(KEYS[3], 1, #KEYS[3] - #ARGV[4])
  local alive = 0
  for _, name in ipairs(redis.pcall('ZRANGE', set, 0, 15)) do
    local key = string.match(name, '\n(.*)') or ''
    local there = redis.pcall('HMGET', records .. key, 's', 'c')
    local is_there = there[1] and listed_name(key, there[2]) == name
    if is_there and set_of(there[1]) == set then
      alive = alive + 1
      if alive == 4 then return end
    else
      redis.pcall('ZREM', set, name)
      if not is_there then redis.pcall('ZREM', set_of_tenant(key), name) end
    end
  end
end
