-- KEYS 3 reservations of an account, by holder: lines of the amount in millionths of a dollar ('' =
-- unpriced), the ms
-- since which it is held, then twice (day and month) the period and the names under which tenant and
-- model are counted there; 4 the beginning of the names of its tables, one for each period. A table has
-- fields what:whose:name; what is s (spent), r (reserved), f (jobs refused) or u (jobs unpriced), whose
-- is a (account), t (tenant) or m (model); n:t: and n:m: count the names.

-- Named after keys of the same tag, so in the same slot of a cluster.
local function table_of(period)
  return KEYS[4] .. ':' .. period
end

local function field(what, whose, name)
  return what .. ':' .. whose .. ':' .. name
end

local function each_spender(entry, visit)
  visit('a', '')
  visit('t', entry.tenant)
  visit('m', entry.model)
end

local function read_reservation(holder)
  local value = redis.call('HGET', KEYS[3], holder)
  if not value then return nil end
  local lines = {}
  for line in string.gmatch(value .. '\n', '([^\n]*)\n') do lines[#lines + 1] = line end
  return {
    amount = lines[1] or '',
    since = tonumber(lines[2]) or 0,
    parts = {
      {period = lines[3] or '', tenant = lines[4] or '', model = lines[5] or ''},
      {period = lines[6] or '', tenant = lines[7] or '', model = lines[8] or ''},
    },
  }
end

local function write_reservation(holder, amount, parts)
  local day, month = parts[1], parts[2]
  local lines = {
    amount, string.format('%.0f', now),
    day.period, day.tenant, day.model, month.period, month.tenant, month.model,
  }
  redis.call('HSET', KEYS[3], holder, table.concat(lines, '\n'))
end
