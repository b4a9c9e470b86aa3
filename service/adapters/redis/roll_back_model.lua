-- Make the previous model active, the active one previous, and drop what is coming.
-- KEYS: roster, processes, doomed   Returns 1, or 0 if there is no previous model.
local roster = KEYS[1]
local models = redis.call('HMGET', roster, 'active', 'previous', 'coming')
if not models[2] then return 0 end
local time = redis.call('TIME')
redis.call('HSET', roster, 'active', models[2], 'previous', models[1],
  'switched', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HINCRBY', roster, 'switches', 1)
if models[3] then
  redis.call('HDEL', roster, 'coming', 'asked', 'encoded', 'done', 'total')
  redis.call('SADD', KEYS[3], models[3])
end
return 1
