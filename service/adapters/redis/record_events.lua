-- Record one reader's events in one step: dedupe, push, trim, version, expiry, counters' entries.
-- KEYS: history, marks, event ids, outbox
-- ARGV: arrival (ms), retention (s), clicks kept, marks kept, event ids kept, event ids' life (ms),
--       then for each event: type, article id, timestamp (ms), event digest ('' for none)
-- Returns for each event 1 if recorded, 0 if its event id was there already.
--
-- A history, the oldest click first: 8 bytes of version, 2 of count, 6 for each click's timestamp
-- (ms), then the article ids, one a line.
local arrival, retention = tonumber(ARGV[1]), tonumber(ARGV[2])
local clicks_kept, marks_kept = tonumber(ARGV[3]), tonumber(ARGV[4])
local ids_kept, ids_life = tonumber(ARGV[5]), tonumber(ARGV[6])
local COUNTED = { click = true, impression = true }
local MARK = { click = 'c', like = 'l', dislike = 'd', hide = 'h' }

local blob = redis.call('GET', KEYS[1])
local version, clicks, changed = 0, {}, false
if blob then
  local count
  version, count = struct.unpack('>I8I2', blob)
  for article in string.gmatch(string.sub(blob, 11 + 6 * count), '[^\n]+') do
    clicks[#clicks + 1] = { struct.unpack('>I6', blob, 11 + 6 * #clicks), article }
  end
end

local function is_new(event)
  if event == '' then return true end
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', arrival - ids_life)
  local added = redis.call('ZADD', KEYS[3], 'NX', arrival, event) == 1
  redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -ids_kept - 1)
  redis.call('PEXPIRE', KEYS[3], ids_life)
  return added
end

local function mark(kind, article, timestamp)
  redis.call('ZADD', KEYS[2], 'GT', timestamp, kind .. article)
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -marks_kept - 1)
end

local function push(article, timestamp)
  local at = #clicks
  while at > 0 and clicks[at][1] > timestamp do at = at - 1 end
  table.insert(clicks, at + 1, { timestamp, article })
  changed = true
  if #clicks > clicks_kept then
    local oldest = table.remove(clicks, 1)
    mark(MARK.click, oldest[2], oldest[1])
  end
end

local results = {}
for at = 7, #ARGV, 4 do
  local kind, article, timestamp = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  if is_new(ARGV[at + 3]) then
    if kind == 'click' then
      push(article, timestamp)
    elseif MARK[kind] then
      if kind == 'like' then redis.call('ZREM', KEYS[2], MARK.dislike .. article) end
      if kind == 'dislike' then redis.call('ZREM', KEYS[2], MARK.like .. article) end
      mark(MARK[kind], article, timestamp)
    end
    if COUNTED[kind] then
      redis.call('XADD', KEYS[4], 'MAXLEN', '~', 1000000, '*',
        'type', kind, 'article', article, 'timestamp', ARGV[at + 2])
    end
    results[#results + 1] = 1
  else
    results[#results + 1] = 0
  end
end

if changed then
  local time = redis.call('TIME')
  version = math.max(version + 1, time[1] * 1000000 + time[2])
  local timestamps, articles = {}, {}
  for i, click in ipairs(clicks) do
    timestamps[i], articles[i] = struct.pack('>I6', click[1]), click[2]
  end
  redis.call('SET', KEYS[1], struct.pack('>I8I2', version, #clicks)
    .. table.concat(timestamps) .. table.concat(articles, '\n'))
end
redis.call('EXPIRE', KEYS[1], retention)
redis.call('EXPIRE', KEYS[2], retention)
return results
