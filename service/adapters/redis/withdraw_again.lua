-- Withdraw an article as it once was, unless the store knows of something later.
-- KEYS: article, withdrawn   ARGV: the withdrawal's revision, how long it is remembered (ms)
-- Returns 1 if the article stands withdrawn by this revision: then it is to be logged.
local revision = tonumber(ARGV[1])
local stored = tonumber(redis.call('HGET', KEYS[1], 'revision') or 0)
local withdrawn = tonumber(redis.call('GET', KEYS[2]) or 0)
if stored > revision or withdrawn > revision then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
redis.call('DEL', KEYS[1])
return 1
