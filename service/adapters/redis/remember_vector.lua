-- Keep a reader's vector unless the history has changed meanwhile.
-- KEYS: history, vector   ARGV: the history's version (8 bytes), the vector's value
if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[1] then return 0 end
local life = redis.call('PTTL', KEYS[1])
redis.call('SET', KEYS[2], ARGV[2], 'PX', life > 0 and life or 1)
return 1
