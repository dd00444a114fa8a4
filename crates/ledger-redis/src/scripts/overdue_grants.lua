-- KEYS 1 granted.
local found = {}
for _, value in ipairs(redis.call('HVALS', KEYS[1])) do
  local ends, name = string.match(value, '^(%d+)\n(.*)$')
  if ends and tonumber(ends) <= now then found[#found + 1] = name end
end
return {'ok', found}
