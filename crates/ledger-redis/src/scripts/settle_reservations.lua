-- ARGV from 3, of each settlement its holder, the amount that is spent ('' = nothing was sent), and the
-- latest ms since which it may be held ('' = any). Tables that have expired stay away.
local function settle(part, held, spent)
  local of = table_of(part.period)
  if redis.call('EXISTS', of) == 0 then return end
  each_spender(part, function(whose, name)
    if held.amount ~= '' then
      -- Some versions write -0 as "-0".
      if tonumber(held.amount) ~= 0 then
        redis.call('HINCRBY', of, field('r', whose, name), string.format('%.0f', -held.amount))
      end
    elseif spent == '' then
      redis.call('HINCRBY', of, field('u', whose, name), -1)
    end
    if spent ~= '' then redis.call('HINCRBY', of, field('s', whose, name), spent) end
  end)
end

for i = 3, #ARGV, 3 do
  local held, latest = read_reservation(ARGV[i]), tonumber(ARGV[i + 2])
  if held and (not latest or held.since <= latest) then
    redis.call('HDEL', KEYS[3], ARGV[i])
    for _, part in ipairs(held.parts) do settle(part, held, ARGV[i + 1]) end
  end
end
return {'ok'}
