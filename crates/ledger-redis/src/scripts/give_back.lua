-- KEYS 1 what a key has used (see spend.lua); ARGV 1 amount, 2 and 3 the day and the month it was counted in.
for i = 2, 3 do
  local sum = redis.call('HGET', KEYS[1], ARGV[i])
  if sum then
    redis.call('HSET', KEYS[1], ARGV[i], string.format('%.0f', math.max(sum - ARGV[1], 0)))
  end
end
return {'ok'}
