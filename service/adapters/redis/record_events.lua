#!lua
-- Record one reader's events in one step: dedupe, push, trim, version, expiry, counters' entries.
-- KEYS: history, marks, event ids, outbox, shown, served, tallies
-- ARGV: arrival (ms), retention (s), clicks kept, marks kept, event ids kept, event ids' life (ms),
--       shown kept, then for each event: type, article id, timestamp (ms), event digest,
--       recommendation id, seconds read ('' for none)
-- Returns for each event 1 if recorded, 0 if its event id was there already.
--
-- A history, the oldest click first: 8 bytes of version, 2 of count, 6 for each click's timestamp
-- (ms), then the article ids, one a line.
--
-- What was shown: article -> minute since 1970 * 128 + how often (127 at most), so that what was
-- shown longest ago is forgotten first.
--
-- A served list: a line of moment (ms), scenario, experiment, variant and what became of each item
-- (0 nothing, 1 seen, 2 clicked); a line of article ids; then, for each article that was drawn, a
-- line of its id, its propensity, the variants it judges; those that would have chosen it.
local arrival, retention = tonumber(ARGV[1]), tonumber(ARGV[2])
local clicks_kept, marks_kept = tonumber(ARGV[3]), tonumber(ARGV[4])
local ids_kept, ids_life = tonumber(ARGV[5]), tonumber(ARGV[6])
local shown_kept = tonumber(ARGV[7])
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

local function is_new(event, at)
  if event == '' then return true end
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', arrival - ids_life)
  local added = redis.call('ZADD', KEYS[3], 'NX', arrival + at / 10000, event) == 1
  redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -ids_kept - 1)
  redis.call('PEXPIRE', KEYS[3], ids_life)
  return added
end

local function mark(kind, article, timestamp)
  redis.call('ZADD', KEYS[2], 'GT', timestamp, kind .. article)
  if redis.call('ZCARD', KEYS[2]) > marks_kept then
    local marks = redis.call('ZRANGE', KEYS[2], 0, -1)
    local oldest = marks[1]
    for i = #marks, 1, -1 do  -- a like keeps nothing away: it goes before a hide or a click
      if string.sub(marks[i], 1, 1) == MARK.like then oldest = marks[i] end
    end
    redis.call('ZREM', KEYS[2], oldest)
  end
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

local function was_shown(article, timestamp)
  local held = tonumber(redis.call('ZSCORE', KEYS[5], article) or 0)
  local times, minute = math.min(held % 128 + 1, 127), math.floor(timestamp / 60000)
  redis.call('ZADD', KEYS[5], math.max(math.floor(held / 128), minute) * 128 + times, article)
  redis.call('ZREMRANGEBYRANK', KEYS[5], 0, -shown_kept - 1)
end

-- The reader's part in their variant: counts, and sums over readers of squares and products.
local function tallied(variant, seen, clicked)
  local lines = {}
  local held = redis.call('HGET', KEYS[7], variant)
  local impressions, clicks = string.match(held or '0 0', '(%d+) (%d+)')
  impressions, clicks = tonumber(impressions), tonumber(clicks)
  local name = string.match(variant, '/(.*)$')
  local function add(field, amount)
    if amount ~= 0 then lines[#lines + 1] = name .. '/' .. field .. ' ' .. amount end
  end
  add('readers', held and 0 or 1)
  add('impressions', seen)
  add('clicks', clicked)
  add('impressions_squared', 2 * impressions * seen + seen)
  add('clicks_squared', 2 * clicks * clicked + clicked)
  add('impressions_clicks',
    (impressions + seen) * (clicks + clicked) - impressions * clicks)
  redis.call('HSET', KEYS[7], variant, (impressions + seen) .. ' ' .. (clicks + clicked))
  return lines
end

-- What an article that was drawn says of the variants that would have chosen it.
local function weighed(lines, drawn, article, seen, clicked)
  for id, propensity, judged, variants in string.gmatch(drawn, '(%S+) (%S+) ([^;]*);(%S*)\n') do
    if id == article then
      local weight = 1 / tonumber(propensity)
      local function add(variant, field, amount)
        lines[#lines + 1] = string.format('%s/%s %.17g', variant, field, amount)
      end
      if seen == 1 then
        for variant in string.gmatch(judged, '[^,]+') do add(variant, 'slots', 1) end
      end
      for variant in string.gmatch(variants, '[^,]+') do
        if seen == 1 then
          add(variant, 'covered', 1)
          add(variant, 'weights', weight)
          add(variant, 'weights_squared', weight * weight)
        end
        if clicked == 1 then
          add(variant, 'weighted_clicks', weight)
          add(variant, 'weights_squared_clicks', weight * weight)
        end
      end
    end
  end
end

-- Join the event to the list that it names; what the experiment's counters gain, if anything.
local function joined(kind, article, recommendation)
  local list = recommendation ~= '' and redis.call('HGET', KEYS[6], recommendation)
  if not list then return end
  local head, became, ids, drawn = string.match(list, '^(%S+ %S+ %S+ %S+) (%d*)\n([^\n]*)\n(.*)$')
  local position = 0
  for id in string.gmatch(ids, '%S+') do
    position = position + 1
    if id == article then
      local held = tonumber(string.sub(became, position, position))
      local now = kind == 'click' and 2 or 1
      if now <= held then return end
      became = string.sub(became, 1, position - 1) .. now .. string.sub(became, position + 1)
      redis.call('HSET', KEYS[6], recommendation,
        head .. ' ' .. became .. '\n' .. ids .. '\n' .. drawn)
      local experiment, variant = string.match(head, '^%S+ %S+ (%S+) (%S+)$')
      if experiment == '-' then return end
      local seen, clicked = held == 0 and 1 or 0, now == 2 and 1 or 0
      local lines = tallied(experiment .. '/' .. variant, seen, clicked)
      weighed(lines, drawn, article, seen, clicked)
      return experiment, table.concat(lines, '\n')
    end
  end
end

local function count(kind, article, timestamp, recommendation, read)
  local entry = { 'type', kind, 'article', article, 'timestamp', timestamp }
  if read ~= '' then
    entry[#entry + 1], entry[#entry + 2] = 'read', read
  end
  local experiment, gains = joined(kind, article, recommendation)
  if experiment then
    entry[#entry + 1], entry[#entry + 2] = 'experiment', experiment
    entry[#entry + 1], entry[#entry + 2] = 'gains', gains
  end
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', 1000000, '*', unpack(entry))
end

local results = {}
for at = 8, #ARGV, 6 do
  local kind, article, timestamp = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  if is_new(ARGV[at + 3], at) then
    if kind == 'click' then
      push(article, timestamp)
      redis.call('ZREM', KEYS[5], article)
    elseif kind == 'impression' then
      was_shown(article, timestamp)
    elseif MARK[kind] then
      if kind == 'like' then redis.call('ZREM', KEYS[2], MARK.dislike .. article) end
      if kind == 'dislike' then redis.call('ZREM', KEYS[2], MARK.like .. article) end
      mark(MARK[kind], article, timestamp)
    end
    if COUNTED[kind] then
      count(kind, article, ARGV[at + 2], ARGV[at + 4], ARGV[at + 5])
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
redis.call('EXPIRE', KEYS[5], retention)
redis.call('EXPIRE', KEYS[7], retention)
return results
