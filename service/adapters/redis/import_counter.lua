#!lua
-- Raise a counter's amounts to those of an export; none is lowered, so that doing it again changes
-- nothing.
-- KEYS: counted, counter   ARGV: expiry (ms since 1970, '' for never), then amount, member, …
redis.call('ZADD', KEYS[2], 'GT', unpack(ARGV, 2))
if ARGV[1] ~= '' then redis.call('PEXPIREAT', KEYS[2], ARGV[1]) end
redis.call('HINCRBY', KEYS[1], KEYS[2], 1)
redis.call('HINCRBY', KEYS[1], 'changes', 1)
