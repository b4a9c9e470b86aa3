-- All that a recommendation needs of a reader. KEYS: history, vector, marks, shown
return { redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2]),
  redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES'),
  redis.call('ZRANGE', KEYS[4], 0, -1, 'WITHSCORES') }
