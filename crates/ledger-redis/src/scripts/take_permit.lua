-- KEYS 3 held in the pool, 4 used in the pool, 5 the day's count, 6 tenants with waiting jobs: they
-- come first, 7 waiting jobs, 8 grants, 9 the queue of the room, 10 the pool's limit, 11 the rates of the
-- account; ARGV 3 holder, 4 weight, 5 slots in the pool, 6 submissions a day (0 = no limit), 7 the
-- record's revision, 8 channel to wake those that wait, 9 slots of its tenant, 10 slots while no limit is
-- stored, 11 submissions a minute of the account, 12 of its tenant.
local of = {held = KEYS[3], used = KEYS[4]}
local slots, paused = slots_now(KEYS[10], tonumber(ARGV[5]), tonumber(ARGV[10]))
local limit = {slots = slots, day = tonumber(ARGV[6])}
local weight, most = tonumber(ARGV[4]), tonumber(ARGV[9])
local of_account, of_tenant = tonumber(ARGV[11]), tonumber(ARGV[12])
local tenant = string.match(ARGV[3], '^[^/]*')

-- At its limit, or others of its jobs wait for it.
local function tenant_is_at_limit()
  return (most > 0 or of_tenant > 0) and redis.call('ZSCORE', KEYS[6], tenant)
    or most > 0 and (used_by_tenant(of.held)[tenant] or 0) + weight > most
end
local function is_too_soon()
  return next_by_rate(KEYS[11], '', of_account) or next_by_rate(KEYS[11], tenant, of_tenant)
end
-- Those that wait come before a job that does not.
local function must_wait()
  if redis.call('HEXISTS', of.held, ARGV[3]) == 1 then return false end
  return paused or (limit.slots > 0 or of_account > 0) and redis.call('EXISTS', KEYS[6]) == 1
    or is_too_soon() or tenant_is_at_limit()
end

local answer, freed
if must_wait() then
  answer = {'at_limit', tonumber(redis.call('GET', of.used) or '0')}
else
  answer, freed = take_slots(of, KEYS[5], limit, ARGV[3], weight, tonumber(ARGV[7]))
end
if answer[2] == 'new' then
  count_by_rate(KEYS[11], '', of_account)
  count_by_rate(KEYS[11], tenant, of_tenant)
end
if freed then
  redis.call('HDEL', KEYS[8], ARGV[3])
  if redis.call('EXISTS', KEYS[6]) == 1 then redis.call('PUBLISH', ARGV[8], '') end
end
if answer[1] == 'at_limit' then
  answer[3] = limit.slots
  answer[4] = redis.call('HLEN', KEYS[7])
  answer[5] = redis.call('ZLEXCOUNT', KEYS[9], '[' .. tenant .. '\n', '(' .. tenant .. '\11')
end
return answer
