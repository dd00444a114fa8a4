-- KEYS 3.. those of the room, 9 held in the pool, 10 used, 11 the day's count, 12 the pool's limit, 13 the
-- rates of the account; ARGV 3 slots in the pool, 4 submissions a day (0 = no limit), 5 most to grant, 6
-- ms of the lease, 7 weight, 8 concurrency and 9 submissions a minute of a tenant, 10 channel to wake
-- workers, 11 slots while no limit is stored, 12 submissions a minute of the account, 13 number of paused
-- tenants, 14.. their names, then named tenants: name, weight, concurrency, submissions a minute.
local of = {held = KEYS[9], used = KEYS[10]}
local most_slots = tonumber(ARGV[3])
local slots, pause_ends = slots_now(KEYS[12], most_slots, tonumber(ARGV[11]))
if pause_ends then return {'ok', 'paused', pause_ends, {}, {}} end
local limit = {slots = slots, day = tonumber(ARGV[4])}
local function read_terms(i)
  local weight = math.max(tonumber(ARGV[i]), 1)
  return {weight = weight, most = tonumber(ARGV[i + 1]), rate = tonumber(ARGV[i + 2])}
end
local others, terms = read_terms(7), {}
local of_account = tonumber(ARGV[12])
local paused, first = {}, 14 + tonumber(ARGV[13])
for i = 14, first - 1 do paused[ARGV[i]] = true end
for i = first, #ARGV, 4 do terms[ARGV[i]] = read_terms(i + 1) end

-- Counted only if a tenant has a limit.
local by_tenant
local function used_by(tenant)
  by_tenant = by_tenant or used_by_tenant(of.held)
  return by_tenant[tenant] or 0
end

-- It needs more slots than there are, or than its tenant may use.
local function never_fits(waiter)
  local most = (terms[waiter.tenant] or others).most
  return most_slots > 0 and waiter.weight > most_slots or most > 0 and waiter.weight > most
end

-- What the weights of waiting tenants differ from those of `others`. Counted once, by need.
local difference
local function is_named(tenant)
  return terms[tenant] and redis.call('ZSCORE', room.tenants, tenant)
end
local function all_weights()
  if not difference then
    difference = 0
    for tenant, its in pairs(terms) do
      if is_named(tenant) then difference = difference + its.weight - others.weight end
    end
  end
  return redis.call('ZCARD', room.tenants) * others.weight + difference
end
local function has_left(tenant)
  local its = terms[tenant]
  if difference and its then difference = difference - its.weight + others.weight end
end

-- None of its names can be read.
local function drop_tenant(tenant)
  local names =
    redis.call('ZRANGEBYLEX', room.queue, '[' .. tenant .. '\n', '(' .. tenant .. '\11')
  for _, name in ipairs(names) do drop_name(name) end
  end_tenant(tenant)
  has_left(tenant)
end

-- The next job of a tenant that may use more slots, or one that never fits. Paused tenants are
-- passed over, and those whose rate is used up. A job that is too wide for the present limit only lets
-- others pass.
-- Else returns why there is none, and until when.
local PAGE = 50
local function next_waiter()
  local from, left, soonest = 0, 'nobody', nil
  while true do
    local tenants, dropped = redis.call('ZRANGE', room.tenants, from, from + PAGE - 1), 0
    for _, tenant in ipairs(tenants) do
      local waiter, name, start
      if not paused[tenant] then waiter, name, start = head_of(tenant) end
      local its = terms[tenant] or others
      if paused[tenant] then
        -- Its jobs wait until it is resumed.
      elseif not waiter then
        drop_tenant(tenant)
        dropped = dropped + 1
      elseif never_fits(waiter) then
        return waiter, name, start
      elseif its.most == 0 or used_by(tenant) + waiter.weight <= its.most then
        local later = next_by_rate(KEYS[13], tenant, its.rate)
        if later then
          soonest = math.min(soonest or later, later)
        elseif limit.slots == 0 or waiter.weight <= limit.slots then
          return waiter, name, start
        else
          waiter, name, start = fitting_of(tenant, limit.slots)
          if waiter then return waiter, name, start end
          left = 'at_limit'
        end
      end
    end
    if #tenants < PAGE then
      if left == 'nobody' and soonest then left = 'paused' end
      return nil, nil, nil, {left, soonest or 0}
    end
    from = from + PAGE - dropped
  end
end

local names, wide = {}, {}
local left, freed = {'more', 0}, false
while #names + #wide < tonumber(ARGV[5]) do
  local waiter, name, start, none = next_waiter()
  if not waiter then
    left = none
    break
  end
  local tenant = waiter.tenant
  if never_fits(waiter) then
    wide[#wide + 1] = name
  else
    if by_tenant then
      local _, before = read_held(of, waiter.holder)
      by_tenant[tenant] = used_by(tenant) + math.max(waiter.weight - (before or 0), 0)
    end
    local later = next_by_rate(KEYS[13], '', of_account)
    if later then
      left = {'paused', later}
      break
    end
    local taken
    taken, freed = take_slots(of, KEYS[11], limit, waiter.holder, waiter.weight, waiter.revision)
    if taken[1] ~= 'ok' then
      left = taken
      break
    end
    if taken[2] == 'new' then
      count_by_rate(KEYS[13], '', of_account)
      count_by_rate(KEYS[13], tenant, (terms[tenant] or others).rate)
    end
    charge(waiter, start, (terms[tenant] or others).weight, all_weights())
    redis.call('HSET', room.granted, waiter.holder,
      string.format('%.0f', now + tonumber(ARGV[6])) .. '\n' .. name)
    names[#names + 1] = name
  end
  if remove_waiter(waiter.holder) then has_left(tenant) end
end
if #names + #wide > 0 then forget_charged() end
if freed then redis.call('PUBLISH', ARGV[10], '') end
return {'ok', left[1], left[2], names, wide}
