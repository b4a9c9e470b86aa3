-- Wish for a model. To wish for the active one is to stay: what is coming is dropped.
-- KEYS: roster, processes, doomed   ARGV: the model, what the asker serves
-- Returns 'active', 'coming', or 'busy' where another model is coming.
local roster = KEYS[1]
redis.call('HSETNX', roster, 'active', ARGV[2])
local coming = redis.call('HGET', roster, 'coming')
local active = redis.call('HGET', roster, 'active')
if active == ARGV[1] then
  if coming then
    redis.call('HDEL', roster, 'coming', 'asked', 'encoded', 'done', 'total')
    redis.call('SADD', KEYS[3], coming)
  end
  return 'active'
end
if coming and coming ~= ARGV[1] then return 'busy' end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('HGET', roster, 'previous') == ARGV[1] then
  redis.call('HSET', roster, 'active', ARGV[1], 'previous', active, 'switched', now)
  redis.call('HINCRBY', roster, 'switches', 1)
  return 'active'
end
if not coming then
  redis.call('HSET', roster, 'coming', ARGV[1], 'asked', now, 'encoded', 0, 'done', 0, 'total', 0)
  redis.call('HDEL', roster, 'failed', 'failed_why', 'failed_at')
  redis.call('SREM', KEYS[3], ARGV[1])
  redis.call('DEL', KEYS[2])
end
return 'coming'
