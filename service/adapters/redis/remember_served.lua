-- Remember lists as they were served, the newest of them, for a while.
-- KEYS: served, erased   ARGV: lists kept, their life (ms), now (ms), then for each: recommendation id, list
local kept, life, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local erased = tonumber(redis.call('GET', KEYS[2]) or 0)
for at = 4, #ARGV, 2 do
  if tonumber(string.match(ARGV[at + 1], '^%d+')) > erased then
    redis.call('HSETNX', KEYS[1], ARGV[at], ARGV[at + 1])
  end
end
local held, lists = redis.call('HGETALL', KEYS[1]), {}
for at = 1, #held, 2 do
  lists[#lists + 1] = { tonumber(string.match(held[at + 1], '^%d+')), held[at] }
end
table.sort(lists, function(one, other) return one[1] > other[1] end)
for place, list in ipairs(lists) do
  if place > kept or list[1] <= now - life then redis.call('HDEL', KEYS[1], list[2]) end
end
redis.call('PEXPIRE', KEYS[1], life)
