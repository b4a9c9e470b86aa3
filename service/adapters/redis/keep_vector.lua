-- Keep a vector made anew, unless the article has changed or gone meanwhile.
-- KEYS: article, vector   ARGV: the article's revision, digest and vector,
--       how much longer than the article it stays (ms)
if redis.call('HGET', KEYS[1], 'revision') ~= ARGV[1] then return 0 end
local life = redis.call('PTTL', KEYS[1])
redis.call('SET', KEYS[2], ARGV[2], 'PX', math.max(life, 0) + ARGV[3])
return 1
