-- KEYS 3.. those of the room; ARGV 3 channel to wake
-- workers, 4 most of a tenant, 5 most in all (0 = any), 6.. names of waiters.
local of_tenant, in_all = tonumber(ARGV[4]), tonumber(ARGV[5])
local entered, any = {'ok'}, false
for i = 6, #ARGV do
  local waiter = read_name(ARGV[i])
  local answer = 'in'
  if redis.call('HEXISTS', room.waiting, waiter.holder) == 0
      and redis.call('HEXISTS', room.granted, waiter.holder) == 0 then
    if in_all > 0 and redis.call('HLEN', room.waiting) >= in_all then
      answer = 'pool_full'
    elseif of_tenant > 0 and count_waiting(waiter.tenant) >= of_tenant then
      answer = 'tenant_full'
    else
      add_waiter(ARGV[i])
      any = true
    end
  end
  entered[#entered + 1] = answer
end
if any then redis.call('PUBLISH', ARGV[3], '') end
return entered
