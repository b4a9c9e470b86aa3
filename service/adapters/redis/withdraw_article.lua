-- Withdraw an article; its vector stays for the histories that hold it.
-- KEYS: article, withdrawn   ARGV: how long the withdrawal is remembered (ms)
-- Returns the withdrawal's revision. It is remembered, so that the next put has a higher one also
-- where the clock has gone back meanwhile, as it may by a failover.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = tonumber(redis.call('HGET', KEYS[1], 'revision') or redis.call('GET', KEYS[2]) or 0)
local revision = math.max(now, held + 1)
redis.call('SET', KEYS[2], string.format('%.0f', revision), 'PX', ARGV[1])
redis.call('DEL', KEYS[1])
return revision
