-- Say how far the encoding of a coming model is.
-- KEYS: roster   ARGV: process, model, articles done, articles in all, whether every one is ('1' or
-- '0')
-- Returns 1, or 0 if that is not this process's to say: the model is not coming any more, all of it
-- is encoded, or another process leads by now.
local held = redis.call('HMGET', KEYS[1], 'coming', 'encoded', 'leader')
if held[1] ~= ARGV[2] or held[2] == '1' or (held[3] and held[3] ~= ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'done', ARGV[3], 'total', ARGV[4], 'encoded', ARGV[5])
return 1
