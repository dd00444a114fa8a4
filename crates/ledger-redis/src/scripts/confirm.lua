-- KEYS 3.. those of the room; ARGV 3.. of each permit its holder and revision.
for i = 3, #ARGV, 2 do
  if (granted_as_of(ARGV[i]) or 0) <= tonumber(ARGV[i + 1]) then
    redis.call('HDEL', room.granted, ARGV[i])
  end
end
return {'ok'}
