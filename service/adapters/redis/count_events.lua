-- Count a piece of one partition's outbox, once.
-- KEYS: counted, then a counter for each increment
-- ARGV: partition, last entry counted before, last entry of this piece, counters' life (s),
--       then for each counter: article id, increment
-- Returns 1, or 0 where another process counted the piece first.
if (redis.call('HGET', KEYS[1], ARGV[1]) or '0-0') ~= ARGV[2] then return 0 end
for i = 2, #KEYS do
  redis.call('ZINCRBY', KEYS[i], ARGV[2 * i + 2], ARGV[2 * i + 1])
  redis.call('EXPIRE', KEYS[i], ARGV[4])
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HINCRBY', KEYS[1], 'changes', 1)
return 1
