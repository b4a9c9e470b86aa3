-- Count a piece of one partition's outbox, once.
-- KEYS: counted, then a counter for each increment
-- ARGV: partition, last entry counted before, last entry of this piece,
--       then for each counter: member, increment, the counter's life (s)
-- Returns 1, or 0 where another process counted the piece first.
if (redis.call('HGET', KEYS[1], ARGV[1]) or '0-0') ~= ARGV[2] then return 0 end
for i = 2, #KEYS do
  local at = 3 * i - 2
  redis.call('ZINCRBY', KEYS[i], ARGV[at + 1], ARGV[at])
  redis.call('EXPIRE', KEYS[i], ARGV[at + 2])
  redis.call('HINCRBY', KEYS[1], KEYS[i], 1)
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HINCRBY', KEYS[1], 'changes', 1)
return 1
