#!lua flags=no-writes,allow-oom
-- An article and its vectors as they stand at one moment. KEYS: article, then a vector for each model
-- Returns {document, revision, first ingest (µs)}, expiry (ms since 1970), then for each vector
-- {value, expiry}.
local found = { redis.call('HMGET', KEYS[1], 'document', 'revision', 'ingested'),
  redis.call('PEXPIRETIME', KEYS[1]) }
for at = 2, #KEYS do
  found[#found + 1] = { redis.call('GET', KEYS[at]), redis.call('PEXPIRETIME', KEYS[at]) }
end
return found
