-- The waiting room of a pool: fair shares as in `job::FairShare`. KEYS 3 `queue` (a sorted set by
-- name, in the order within each tenant), 4 `waiting` (a hash of their names by holder), 5 `granted`
-- (a hash of lease end and name by holder), 6 `tenants` (those with waiting jobs by the start of their
-- next charge), 7 `charged` (the others by the end of their last one), 8 `shares` (a hash: `now` of the
-- room, and of each tenant its time and the ends of its priorities' charges).
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

local function read_name(name)
  local tenant, priority, holder, weight, cost, revision =
    string.match(name, '^([^\n]*)\n(%d)\n%d*\n([^\n]*)\n(%d+)\n(%d+)\n(%d+)$')
  return {
    tenant = tenant, priority = tonumber(priority), holder = holder, weight = tonumber(weight),
    cost = tonumber(cost), revision = tonumber(revision),
  }
end

local function add_waiter(name)
  local waiter = read_name(name)
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

local function remove_waiter(holder)
  local name = redis.call('HGET', room.waiting, holder)
  if not name then return end
  local tenant = read_name(name).tenant
  redis.call('ZREM', room.queue, name)
  redis.call('HDEL', room.waiting, holder)
  if count_waiting(tenant) > 0 then return end
  redis.call('ZADD', room.charged, redis.call('ZSCORE', room.tenants, tenant), tenant)
  redis.call('ZREM', room.tenants, tenant)
  redis.call('HDEL', room.shares, tenant .. '\n', tenant .. '\n0', tenant .. '\n1', tenant .. '\n2')
end

-- The tenant's next job, and the start of its charge among the tenant's priorities.
local function head_of(tenant)
  local at = number(redis.call('HGET', room.shares, tenant .. '\n'))
  local head, start
  for priority = 0, 2 do
    local line = tenant .. '\n' .. priority
    local first = redis.call('ZRANGEBYLEX', room.queue, '[' .. line .. '\n', '(' .. line .. '\11',
      'LIMIT', 0, 1)[1]
    local begins = first and math.max(at, number(redis.call('HGET', room.shares, line)))
    if first and (not head or begins < start) then head, start = first, begins end
  end
  return head, start
end

-- It has got its slots: its tenant is charged.
local function charge(waiter, start, weight)
  local line = waiter.tenant .. '\n'
  local begins = number(redis.call('ZSCORE', room.tenants, waiter.tenant))
  local at = math.max(number(redis.call('HGET', room.shares, 'now')), begins)
  local ends = start + waiter.cost / WEIGHTS[waiter.priority + 1]
  redis.call('HSET', room.shares, 'now', exact(at), line, exact(start), line .. waiter.priority,
    exact(ends))
  redis.call('ZADD', room.tenants, exact(begins + waiter.cost / math.max(weight, 1)), waiter.tenant)
  remove_waiter(waiter.holder)
  redis.call('ZREMRANGEBYSCORE', room.charged, '-inf', exact(at))
end
