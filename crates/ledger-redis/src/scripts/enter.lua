-- KEYS 3.. those of the room, 9 held in the pool; ARGV 3 channel to wake workers, 4.. names of waiters.
local of, any = {held = KEYS[9]}, false
for i = 4, #ARGV do
  local waiter = read_name(ARGV[i])
  local holder, revision = waiter.holder, waiter.revision
  local _, weight, _, asked = read_held(of, holder)
  local known = math.max(weight and asked or -1, waits_as_of(holder) or -1, granted_as_of(holder) or -1)
  if known < revision then
    remove_waiter(holder)
    redis.call('HDEL', room.granted, holder)
    add_waiter(waiter, ARGV[i])
    any = true
  end
end
if any then redis.call('PUBLISH', ARGV[3], '') end
return {'ok'}
