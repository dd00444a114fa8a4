-- Counts a round that has ended, if the record was not settled before: in a hash for each hour, by slot,
-- state and pool. KEYS 10: what is before the hour; ARGV 18 the hour ('' = it has not ended), 19 the field.
-- The counts are for people: if they are damaged, records are written all the same.
local function count_ended(was_settled)
  if ARGV[18] == '' or was_settled == '1' then return end
  local hour = KEYS[10] .. ARGV[18]
  if redis.pcall('HINCRBY', hour, ARGV[19], 1) == 1 then redis.pcall('EXPIRE', hour, 97200) end
end

