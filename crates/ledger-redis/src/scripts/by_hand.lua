-- KEYS 1 pauses by hand of an account: by scope, the ms at which each ends (0 = never), a line break,
-- and the pause in JSON. Those that have ended are removed first.
local function read_pause(value)
  local ends, body = string.match(value, '^(%d+)\n(.*)$')
  return tonumber(ends) or 0, body or value
end

local paused = {}
local found = redis.call('HGETALL', KEYS[1])
for i = 1, #found, 2 do
  local ends, body = read_pause(found[i + 1])
  if ends > 0 and ends <= now then
    redis.call('HDEL', KEYS[1], found[i])
  else
    paused[#paused + 1] = body
  end
end

-- If each has an end, nobody needs to come back to remove them.
local function keep_until_the_last()
  local last = 0
  for _, value in ipairs(redis.call('HVALS', KEYS[1])) do
    local ends = read_pause(value)
    if ends == 0 then return redis.call('PERSIST', KEYS[1]) end
    last = math.max(last, ends)
  end
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', last - now))
end
