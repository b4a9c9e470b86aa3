-- How far the article log reaches. KEYS: log   ARGV: an entry, another that comes after it
-- Returns {the first entry that is there, or '0-0' where none was ever removed,
--          the last entry that was ever added, whether the entry asked for is there,
--          how many come after the other one, 100 at most}.
local first, last, held, left = '0-0', '0-0', 0, 0
if redis.call('EXISTS', KEYS[1]) == 1 then
  local said, info = redis.call('XINFO', 'STREAM', KEYS[1]), {}
  for at = 1, #said, 2 do info[said[at]] = said[at + 1] end
  last = info['last-generated-id']
  if info['entries-added'] > info['length'] then
    first = info['first-entry'] and info['first-entry'][1] or last
  end
  held = #redis.call('XREVRANGE', KEYS[1], ARGV[1], ARGV[1])
  if ARGV[2] ~= last then
    left = #redis.call('XREVRANGE', KEYS[1], '+', '(' .. ARGV[2], 'COUNT', 100)
  end
end
return { first, last, held, left }
