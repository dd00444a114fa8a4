-- The waiting room of a pool: fair shares as in `job::FairShare`. KEYS 3 `queue` (a sorted set by
-- name, in the order within each tenant), 4 `waiting` (a hash of their names by holder), 5 `granted`
-- (a hash of lease end and name by holder), 6 `tenants` (those with waiting jobs by the start of their
-- next charge), 7 `charged` (the others by the end of their last one), 8 `shares` (a hash: the
-- times `now` and `served` of the room, and of each tenant its time and the ends of its priorities'
-- charges).
-- A name is tenant, priority, since, holder, weight, cost, revision in lines.
local room = {
  queue = KEYS[3], waiting = KEYS[4], granted = KEYS[5], tenants = KEYS[6], charged = KEYS[7],
  shares = KEYS[8],
}
local WEIGHTS = {9, 3, 1}

local function number(value)
  return tonumber(value or 0) or 0
end

local function exact(value)
  return string.format('%.17g', value)
end

-- Nothing if it cannot be read.
local function read_name(name)
  local tenant, priority, holder, weight, cost, revision =
    string.match(name, '^([^\n]*)\n([0-2])\n%d+\n([^\n]+#%d+)\n(%d+)\n(%d+)\n(%d+)$')
  if not tenant or string.sub(holder, 1, #tenant + 1) ~= tenant .. '/' then return nil end
  return {
    tenant = tenant, priority = tonumber(priority), holder = holder, weight = tonumber(weight),
    cost = tonumber(cost), revision = tonumber(revision),
  }
end

-- The revisions as of which it waits and was granted its slots, if they can be read.
local function waits_as_of(holder)
  local name = redis.call('HGET', room.waiting, holder)
  local waiter = name and read_name(name)
  return waiter and redis.call('ZSCORE', room.queue, name) and waiter.revision
end

local function granted_as_of(holder)
  local name = string.match(redis.call('HGET', room.granted, holder) or '', '^%d+\n(.*)$')
  local waiter = name and read_name(name)
  return waiter and waiter.revision
end

local function add_waiter(waiter, name)
  if not redis.call('ZSCORE', room.tenants, waiter.tenant) then
    local charged = number(redis.call('ZSCORE', room.charged, waiter.tenant))
    local start = math.max(number(redis.call('HGET', room.shares, 'now')), charged)
    redis.call('ZREM', room.charged, waiter.tenant)
    redis.call('ZADD', room.tenants, exact(start), waiter.tenant)
  end
  redis.call('ZADD', room.queue, 0, name)
  redis.call('HSET', room.waiting, waiter.holder, name)
end

local function count_waiting(tenant)
  return redis.call('ZLEXCOUNT', room.queue, '[' .. tenant .. '\n', '(' .. tenant .. '\11')
end

-- It has no waiting jobs any more.
local function end_tenant(tenant)
  local start = redis.call('ZSCORE', room.tenants, tenant)
  if start then redis.call('ZADD', room.charged, start, tenant) end
  redis.call('ZREM', room.tenants, tenant)
  redis.call('HDEL', room.shares, tenant .. '\n', tenant .. '\n0', tenant .. '\n1', tenant .. '\n2')
end

-- Whether its tenant has no others.
local function remove_waiter(holder)
  local name = redis.call('HGET', room.waiting, holder)
  if not name then return false end
  local tenant = string.match(holder, '^[^/]*')
  redis.call('ZREM', room.queue, name)
  redis.call('HDEL', room.waiting, holder)
  if count_waiting(tenant) > 0 then return false end
  end_tenant(tenant)
  return true
end

-- What is charged until now is settled. Each tenant left was served, and service moves now on: about
-- as many stay as tenants wait.
local function forget_charged()
  redis.call('ZREMRANGEBYSCORE', room.charged, '-inf', redis.call('HGET', room.shares, 'now') or 0)
end

-- A name that cannot be read. The room is an index: a comparison with the records restores it.
local function drop_name(name)
  redis.call('ZREM', room.queue, name)
  local holder = string.match(name, '^[^\n]*\n[^\n]*\n[^\n]*\n([^\n]*)')
  if holder and redis.call('HGET', room.waiting, holder) == name then
    redis.call('HDEL', room.waiting, holder)
  end
end

-- The first job of a line.
local function first_of(line)
  while true do
    local name = redis.call('ZRANGEBYLEX', room.queue, '[' .. line .. '\n', '(' .. line .. '\11',
      'LIMIT', 0, 1)[1]
    local waiter = name and read_name(name)
    if waiter or not name then return waiter, name end
    drop_name(name)
  end
end

-- The tenant's next job, its name, and the start of its charge among the tenant's priorities.
local function head_of(tenant)
  local at = number(redis.call('HGET', room.shares, tenant .. '\n'))
  local head, name, start
  for priority = 0, 2 do
    local line = tenant .. '\n' .. priority
    local first, named = first_of(line)
    local begins = first and math.max(at, number(redis.call('HGET', room.shares, line)))
    if first and (not head or begins < start) then head, name, start = first, named, begins end
  end
  return head, name, start
end

-- A job of the tenant that needs no more slots, although its head does: like `head_of`.
local LOOKED_AT = 50
local function fitting_of(tenant, slots)
  for priority = 0, 2 do
    local line = tenant .. '\n' .. priority
    local names = redis.call('ZRANGEBYLEX', room.queue, '[' .. line .. '\n', '(' .. line .. '\11',
      'LIMIT', 0, LOOKED_AT)
    for _, name in ipairs(names) do
      local waiter = read_name(name)
      if waiter and waiter.weight <= slots then
        local times = redis.call('HMGET', room.shares, tenant .. '\n', line)
        return waiter, name, math.max(number(times[1]), number(times[2]))
      end
    end
  end
end

-- It has got its slots: its tenant is charged. `all`: the weights of all tenants that wait.
local function charge(waiter, start, weight, all)
  local line = waiter.tenant .. '\n'
  local times = redis.call('HMGET', room.shares, 'now', 'served')
  local begins = math.max(number(times[2]), number(redis.call('ZSCORE', room.tenants, waiter.tenant)))
  local at = math.max(number(times[1]) + waiter.cost / math.max(all, 1), begins)
  local ends = start + waiter.cost / WEIGHTS[waiter.priority + 1]
  redis.call('HSET', room.shares, 'now', exact(at), 'served', exact(begins), line, exact(start),
    line .. waiter.priority, exact(ends))
  redis.call('ZADD', room.tenants, exact(begins + waiter.cost / math.max(weight, 1)), waiter.tenant)
end
