-- KEYS 3.. those of the room; ARGV 3 channel to wake workers, because a wide job that leaves makes way
-- for those behind it, 4.. of each permit its holder and revision.
local any = false
for i = 4, #ARGV, 2 do
  if (waits_as_of(ARGV[i]) or 0) <= tonumber(ARGV[i + 1])
      and redis.call('HEXISTS', room.waiting, ARGV[i]) == 1 then
    remove_waiter(ARGV[i])
    any = true
  end
end
if any then
  forget_charged()
  redis.call('PUBLISH', ARGV[3], '')
end
return {'ok'}
