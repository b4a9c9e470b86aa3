#!lua flags=allow-oom
-- Erase a reader. A list that some process served them before and has yet to write is not written:
-- the partition's lists of up to now are over.
-- KEYS: erased, then all of the reader's   ARGV: margin (ms) for clocks that differ, life (ms)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
redis.call('SET', KEYS[1], string.format('%.0f', now), 'PX', ARGV[2])
for at = 2, #KEYS do redis.call('DEL', KEYS[at]) end
