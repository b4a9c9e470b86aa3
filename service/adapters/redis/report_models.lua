-- A process says how it stands; whatever this decides is decided here, once for all processes.
-- KEYS: roster, processes, doomed
-- ARGV: process, models that it is ready for (' a@1 b@2 '), model that it cannot open ('' if none),
--       why not, after how long without a word a process counts as gone (ms), how long all are
--       given to hear of a model before it can be active (ms), how long a previous one stays (ms)
-- Returns {leads, ready processes, processes}.
local roster, processes, doomed = KEYS[1], KEYS[2], KEYS[3]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', processes, ARGV[1], now .. ARGV[2])
local held = redis.call('HMGET', roster, 'active', 'previous', 'coming', 'asked', 'encoded',
  'switched', 'leader')
local active, previous, coming, leader = held[1], held[2], held[3], held[7]

local function drop(field, model)
  redis.call('HDEL', roster, field)
  redis.call('SADD', doomed, model)
end

local heard, ready, leader_heard = 0, 0, false
local all = redis.call('HGETALL', processes)
for i = 1, #all, 2 do
  if now - tonumber(string.match(all[i + 1], '^%d+')) > tonumber(ARGV[5]) then
    redis.call('HDEL', processes, all[i])
  else
    heard = heard + 1
    if all[i] == leader then leader_heard = true end
    if coming and string.find(all[i + 1], ' ' .. coming .. ' ', 1, true) then
      ready = ready + 1
    end
  end
end
if not leader_heard then
  leader = ARGV[1]
  redis.call('HSET', roster, 'leader', leader)
end

if coming and coming == ARGV[3] then
  redis.call('HSET', roster, 'failed', coming, 'failed_why', ARGV[4], 'failed_at', now)
  redis.call('HDEL', roster, 'asked', 'encoded', 'done', 'total')
  drop('coming', coming)
elseif coming and held[5] == '1' and ready == heard and now - held[4] >= tonumber(ARGV[6]) then
  if previous then drop('previous', previous) end
  redis.call('HSET', roster, 'active', coming, 'previous', active, 'switched', now)
  redis.call('HDEL', roster, 'coming', 'asked', 'encoded', 'done', 'total')
  redis.call('HINCRBY', roster, 'switches', 1)
elseif previous and not coming and now - (held[6] or now) > tonumber(ARGV[7]) then
  drop('previous', previous)
end
return {leader == ARGV[1] and 1 or 0, ready, heard}
