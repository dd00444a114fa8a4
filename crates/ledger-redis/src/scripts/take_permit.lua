-- KEYS 3 held in the pool, 4 used in the pool, 5 the day's count, 6 tenants with waiting jobs: they
-- come first; ARGV 3 holder, 4 weight, 5 slots in the pool, 6 submissions a day (0 = no limit), 7 the
-- record's revision.
local of = {held = KEYS[3], used = KEYS[4]}
local limit = {slots = tonumber(ARGV[5]), day = tonumber(ARGV[6])}
if limit.slots > 0 and redis.call('EXISTS', KEYS[6]) == 1
    and redis.call('HEXISTS', of.held, ARGV[3]) == 0 then
  return {'at_limit', tonumber(redis.call('GET', of.used) or '0')}
end
return take_slots(of, KEYS[5], limit, ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[7]))
