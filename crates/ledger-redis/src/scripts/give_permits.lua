-- KEYS 3.. of each permit's pool held, used, grants, tenants with waiting jobs, who are woken, and the
-- day's count of its account; ARGV 3 channel to wake them, then of each permit its holder, '1' when
-- unspent, the record's revision, and the latest time that it may be held since ('' = any): what was
-- asked for after either stays. What was left behind may be a grant that nobody confirmed, which is
-- still to be found.
local woken = false
for i = 0, (#ARGV - 3) / 4 - 1 do
  local k, a = 3 + 5 * i, 4 + 4 * i
  local of = {held = KEYS[k], used = KEYS[k + 1]}
  local holder, revision, latest = ARGV[a], tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3])
  local _, weight, since, asked = read_held(of, holder)
  if weight and revision > asked and (not latest or tonumber(since) <= latest) then
    free_slots(of, KEYS[k + 4], holder, weight, ARGV[a + 1] == '1')
    if not latest then redis.call('HDEL', KEYS[k + 2], holder) end
    woken = woken or redis.call('EXISTS', KEYS[k + 3]) == 1
  end
end
if woken then redis.call('PUBLISH', ARGV[3], '') end
return {'ok'}
