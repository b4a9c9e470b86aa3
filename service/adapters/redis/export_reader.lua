#!lua flags=no-writes,allow-oom
-- All that is stored of a reader, as it stands at one moment.
-- KEYS: history, history vector, marks, event ids, shown, served, tallies
-- Returns for each {value, expiry (ms since 1970)}.
local READ = { { 'GET' }, { 'GET' }, { 'ZRANGE', 0, -1, 'WITHSCORES' },
  { 'ZRANGE', 0, -1, 'WITHSCORES' }, { 'ZRANGE', 0, -1, 'WITHSCORES' }, { 'HGETALL' }, { 'HGETALL' } }
local found = {}
for at, key in ipairs(KEYS) do
  local command = READ[at]
  found[at] = { redis.call(command[1], key, unpack(command, 2)), redis.call('PEXPIRETIME', key) }
end
return found
