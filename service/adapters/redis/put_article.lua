-- Store an article and its vector in one step.
-- KEYS: article, vector, withdrawn, vectors under other models
-- ARGV: document, text digest (16 bytes), digest and vector ('' to keep what is stored),
--       expiry of the document, expiry of the vector (ms since 1970),
--       digest and vector under each other model ('' to keep what is stored)
-- Returns {status, revision, first ingest (µs)}, or {'stale'} where the vector is needed after all.
local held = redis.call('HMGET', KEYS[1], 'document', 'revision', 'ingested')
local document, revision, ingested = held[1], tonumber(held[2]), tonumber(held[3])
if ARGV[3] ~= '' then
  redis.call('SET', KEYS[2], ARGV[3], 'PXAT', ARGV[5])
elseif redis.call('GETRANGE', KEYS[2], 0, 15) ~= ARGV[2] then
  return {'stale'}
end
for i = 4, #KEYS do
  if ARGV[i + 2] == '' then
    redis.call('PEXPIREAT', KEYS[i], ARGV[5])
  else
    redis.call('SET', KEYS[i], ARGV[i + 2], 'PXAT', ARGV[5])
  end
end
if document == ARGV[1] then
  return {'unchanged', revision, ingested}
end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local status = 'updated'
if not document then
  status, ingested, revision = 'created', now, tonumber(redis.call('GET', KEYS[3]) or 0)
end
revision = math.max(now, revision + 1)
redis.call('HSET', KEYS[1], 'document', ARGV[1],
  'revision', string.format('%.0f', revision), 'ingested', string.format('%.0f', ingested))
redis.call('PEXPIREAT', KEYS[1], ARGV[4])
redis.call('PEXPIREAT', KEYS[2], ARGV[5])
return {status, revision, ingested}
