-- KEYS 3.. those of the room, 9 held in the pool, 10 used, 11 the day's count; ARGV 3 channel to wake
-- workers, 4.. names of waiters.
local of = {held = KEYS[9], used = KEYS[10]}
for i = 4, #ARGV do
  local holder = read_name(ARGV[i]).holder
  redis.call('HDEL', room.granted, holder)
  local _, weight = read_held(of, holder)
  if weight then free_slots(of, KEYS[11], holder, weight, true) end
  remove_waiter(holder)
  add_waiter(ARGV[i])
end
redis.call('PUBLISH', ARGV[3], '')
return {'ok'}
