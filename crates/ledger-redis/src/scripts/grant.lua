-- KEYS 3.. those of the room, 9 held in the pool, 10 used, 11 the day's count; ARGV 3 slots in the
-- pool, 4 submissions a day (0 = no limit), 5 most to grant, 6 ms of the lease, 7 weight and 8
-- concurrency of a tenant, 9.. the same for named tenants: name, weight, concurrency.
local of = {held = KEYS[9], used = KEYS[10]}
local limit = {slots = tonumber(ARGV[3]), day = tonumber(ARGV[4])}
local others, terms = {weight = tonumber(ARGV[7]), most = tonumber(ARGV[8])}, {}
for i = 9, #ARGV, 3 do
  terms[ARGV[i]] = {weight = tonumber(ARGV[i + 1]), most = tonumber(ARGV[i + 2])}
end

-- Counted only if a tenant has a limit.
local by_tenant
local function used_by(tenant)
  by_tenant = by_tenant or used_by_tenant(of.held)
  return by_tenant[tenant] or 0
end

-- The next job of a tenant that may use more slots.
local PAGE = 50
local function next_waiter()
  local from = 0
  while true do
    local tenants = redis.call('ZRANGE', room.tenants, from, from + PAGE - 1)
    for _, tenant in ipairs(tenants) do
      local name, start = head_of(tenant)
      local waiter = name and read_name(name)
      local most = (terms[tenant] or others).most
      if waiter and (most == 0 or used_by(tenant) + waiter.weight <= most) then
        return waiter, name, start
      end
    end
    if #tenants < PAGE then return nil end
    from = from + PAGE
  end
end

local names = {}
local left = {'more', 0}
while #names < tonumber(ARGV[5]) do
  local waiter, name, start = next_waiter()
  if not waiter then
    left = {'nobody', 0}
    break
  end
  local taken = take_slots(of, KEYS[11], limit, waiter.holder, waiter.weight, waiter.revision)
  if taken[1] ~= 'ok' then
    left = taken
    break
  end
  if by_tenant then by_tenant[waiter.tenant] = used_by(waiter.tenant) + waiter.weight end
  charge(waiter, start, (terms[waiter.tenant] or others).weight)
  redis.call('HSET', room.granted, waiter.holder,
    string.format('%.0f', now + tonumber(ARGV[6])) .. '\n' .. name)
  names[#names + 1] = name
end
return {'ok', left[1], left[2], names}
