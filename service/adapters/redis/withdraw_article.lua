-- Withdraw an article; its vector stays for the histories that hold it.
-- KEYS: article   Returns the withdrawal's revision.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = tonumber(redis.call('HGET', KEYS[1], 'revision') or 0)
redis.call('DEL', KEYS[1])
return math.max(now, held + 1)
