-- Say how far the encoding of a coming model is.
-- KEYS: roster   ARGV: model, articles done, articles in all, whether every one is ('1' or '0')
-- Returns 1, or 0 if the model is not coming any more.
if redis.call('HGET', KEYS[1], 'coming') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'done', ARGV[2], 'total', ARGV[3], 'encoded', ARGV[4])
return 1
