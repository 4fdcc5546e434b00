-- How a task stands in the queue; loaded in front of the script of every verb.
-- KEYS (the last six of each verb's; rebuild has the six it replaces before them):
--   waiting  zset, every score 0, in the order of its members: a waiting task stands in it as "<county>|<language>|<skill>|<place>|<id>",
--            and again with * for its county, its skill and both, so that the first of any lane is one look away however many wait
--   leases   zset, id -> when the lease ends (epoch seconds)
--   holders  hash, id -> who holds it
--   facts    hash, id -> "<county>|<language>|<skill>|<place>|<fence>|<sum>"
--   passed   zset, every score 0: "<id>|<who>|<sum>" of each volunteer who passed a task on and is not shown it again
--   ledger   hash: "sum" of all the sums above modulo 2^48 (to be compared with the table's), "changes" (grows with every one)
local WAITING, LEASES, HOLDERS, FACTS, PASSED, LEDGER = unpack(KEYS, #KEYS - 5)

local function add(amount)
  local total = tonumber(redis.call('HGET', LEDGER, 'sum') or '0')
  redis.call('HSET', LEDGER, 'sum', string.format('%.0f', (total + amount) % 281474976710656))
end

local function changed()
  redis.call('HINCRBY', LEDGER, 'changes', 1)
end

local function lanes_of(county, language, skill, place)
  local near, far = county .. '|' .. language .. '|', '*|' .. language .. '|'
  local own, any = skill .. '|' .. place, '*|' .. place
  return near .. own, near .. any, far .. own, far .. any
end

local function entry(id, facts)
  local county, language, skill, place, fence, sum = string.match(facts, '^([^|]*)|([^|]*)|([^|]*)|(%d+)|(%d+)|(%x+)$')
  local lanes = {lanes_of(county, language, skill, place .. '|' .. id)}
  return {id = id, lanes = lanes, fence = tonumber(fence), sum = tonumber(sum, 16)}
end

local function known(id)
  local facts = redis.call('HGET', FACTS, id)
  return facts and entry(id, facts)
end

local function take_out(task)
  redis.call('ZREM', WAITING, unpack(task.lanes))
end

local function put_in(task)
  redis.call('ZREM', LEASES, task.id)
  redis.call('HDEL', HOLDERS, task.id)
  redis.call('ZADD', WAITING, 0, task.lanes[1], 0, task.lanes[2], 0, task.lanes[3], 0, task.lanes[4])
end

local function hold(task, who, ends)
  take_out(task)
  redis.call('ZADD', LEASES, ends, task.id)
  redis.call('HSET', HOLDERS, task.id, who)
end

-- The task with these facts, which are the newest; false when facts with a newer fence came before them.
local function learn(id, facts)
  local before, now = known(id), entry(id, facts)
  if before and before.fence > now.fence then
    return false
  end
  if before then
    take_out(before)
    add(-before.sum)
  end
  redis.call('HSET', FACTS, id, facts)
  add(now.sum)
  changed()
  return now
end
