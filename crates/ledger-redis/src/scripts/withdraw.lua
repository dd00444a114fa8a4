-- KEYS 3.. those of the room; ARGV 3.. holders.
for i = 3, #ARGV do remove_waiter(ARGV[i]) end
return {'ok'}
