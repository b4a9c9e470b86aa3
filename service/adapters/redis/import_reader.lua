#!lua
-- Store a reader as an export holds them, in place of what is stored; not of as new a history.
-- KEYS: history, history vector, marks, event ids, shown, served, tallies
-- ARGV: the history's version, then for each key: expiry (ms since 1970, '' for never), number of
--       values, values
-- Returns 1 if stored.
local WRITE = { 'SET', 'SET', 'ZADD', 'ZADD', 'ZADD', 'HSET', 'HSET' }
local held = redis.call('GETRANGE', KEYS[1], 0, 7)
local version = held ~= '' and struct.unpack('>I8', held) or 0
if redis.call('EXISTS', unpack(KEYS)) > 0 and version >= tonumber(ARGV[1]) then return 0 end
local at = 2
for i, key in ipairs(KEYS) do
  local expiry, count = ARGV[at], tonumber(ARGV[at + 1])
  redis.call('DEL', key)
  if count > 0 then
    redis.call(WRITE[i], key, unpack(ARGV, at + 2, at + 1 + count))
    if expiry ~= '' then redis.call('PEXPIREAT', key, expiry) end
  end
  at = at + 2 + count
end
return 1
