-- KEYS 3.. queue, waiting, granted, tenants, charged, shares of the room; ARGV 3.. holders.
local room = {
  queue = KEYS[3], waiting = KEYS[4], granted = KEYS[5], tenants = KEYS[6], charged = KEYS[7],
  shares = KEYS[8],
}
for i = 3, #ARGV do remove_waiter(room, ARGV[i]) end
return {'ok'}
