-- The index of lists: sorted sets of the records in each state, and of those of each tenant, by names
-- that begin with the time of creation. KEYS 8, 9: what is before the name of a state, of a tenant;
-- 10: a set of a final state, which is swept. The index is for people: if it is damaged, records are
-- written all the same.
local function listed_name(key, created)
  return string.format('%013d\n%s', tonumber(created) or 0, key)
end

local function set_of_tenant(key)
  return KEYS[9] .. string.match(key, '^[^/]*')
end

-- Records expire, and their names stay: the oldest are removed, a few at a time. After the record is
-- written, or its own name would be among them.
local function sweep_listed()
  local records = string.sub(KEYS[3], 1, #KEYS[3] - #ARGV[4])
  for _, name in ipairs(redis.pcall('ZRANGE', KEYS[10], 0, 7)) do
    local key = string.match(name, '\n(.*)') or ''
    local there = redis.pcall('HMGET', records .. key, 's', 'c')
    local is_there = there[1] and listed_name(key, there[2]) == name
    if is_there and KEYS[8] .. there[1] == KEYS[10] then return end
    redis.pcall('ZREM', KEYS[10], name)
    if not is_there then redis.pcall('ZREM', set_of_tenant(key), name) end
  end
end

-- Before the record is written.
local function list_record()
  local before = redis.call('HMGET', KEYS[3], 's', 'c')
  local same_time = before[2] == ARGV[9]
  if same_time and before[1] == ARGV[7] then return end
  local was_listed = 0
  if before[1] then
    local old = listed_name(ARGV[4], before[2])
    was_listed = redis.pcall('ZREM', KEYS[8] .. before[1], old)
    if not same_time then redis.pcall('ZREM', set_of_tenant(ARGV[4]), old) end
  end
  local name = listed_name(ARGV[4], ARGV[9])
  redis.pcall('ZADD', KEYS[8] .. ARGV[7], 0, name)
  if not same_time or was_listed ~= 1 then redis.pcall('ZADD', set_of_tenant(ARGV[4]), 0, name) end
end
