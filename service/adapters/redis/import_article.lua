#!lua
-- Store an article and its vectors as an export holds them, unless the store holds a newer one.
-- KEYS: article, withdrawn, then a vector for each model
-- ARGV: document ('' for none), revision, first ingest (µs), expiry (ms since 1970, '' for never),
--       then for each vector: value, expiry
-- Returns 1 if the article stands now as the export has it: then it is to be logged.
local held = tonumber(redis.call('HGET', KEYS[1], 'revision') or redis.call('GET', KEYS[2]) or 0)
local document, revision = ARGV[1], tonumber(ARGV[2])
local newer = document ~= '' and revision > held
if newer then
  redis.call('HSET', KEYS[1], 'document', document, 'revision', ARGV[2], 'ingested', ARGV[3])
  redis.call('PERSIST', KEYS[1])
  if ARGV[4] ~= '' then redis.call('PEXPIREAT', KEYS[1], ARGV[4]) end
end
if newer or revision == held then
  for at = 3, #KEYS do
    local command = { 'SET', KEYS[at], ARGV[2 * at - 1] }
    if ARGV[2 * at] ~= '' then
      command[#command + 1], command[#command + 2] = 'PXAT', ARGV[2 * at]
    end
    if not newer then command[#command + 1] = 'NX' end
    redis.call(unpack(command))
  end
end
return document ~= '' and (newer or revision == held) and 1 or 0
