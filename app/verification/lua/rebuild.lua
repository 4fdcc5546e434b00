-- rebuild: draw the queue anew from the table, beside the one that is in use, and put it in its place at once when it is whole. A long one
-- comes in several parts, so that nobody waits for it.
-- KEYS: waiting, leases, holders, facts, passed, ledger; then the same six of the new one
-- ARGV: 1 "last" when this part makes it whole, else "", 2 the "changes" of the queue when the table was read, or "" to replace it anyway,
--       3 how many tasks this part has, then "<id>|<facts>" of each; with the last part how many of all are held, then of each its id, who
--       holds it and when the lease ends; then "<id>|<who>|<sum>" of each who passed one on
-- Returns how many tasks the new one has; false when the queue changed meanwhile, and then it stays as it was.
local total, facts, waiting = 0, {}, {}
local function write()
  if #facts > 0 then
    redis.call('HSET', FACTS, unpack(facts))
    redis.call('ZADD', WAITING, unpack(waiting))
  end
  facts, waiting = {}, {}
end
local tasks = tonumber(ARGV[3])
for i = 4, tasks + 3 do
  local id, said = string.match(ARGV[i], '^([^|]*)|(.*)$')
  local task = entry(id, said)
  facts[#facts + 1], facts[#facts + 2] = id, said
  for _, lane in ipairs(task.lanes) do
    waiting[#waiting + 1], waiting[#waiting + 2] = 0, lane
  end
  total = (total + task.sum) % 281474976710656
  if #facts == 600 then
    write()
  end
end
write()
add(total)
if ARGV[1] == '' then
  for i = 7, 12 do
    redis.call('EXPIRE', KEYS[i], 60)
  end
  return redis.call('HLEN', FACTS)
end
local changes = redis.call('HGET', KEYS[6], 'changes') or '0'
if ARGV[2] ~= '' and ARGV[2] ~= changes then
  redis.call('DEL', unpack(KEYS, 7))
  return false
end
local first_held = tasks + 5
local first_pass = first_held + 3 * tonumber(ARGV[tasks + 4])
for i = first_held, first_pass - 1, 3 do
  hold(known(ARGV[i]), ARGV[i + 1], ARGV[i + 2])
end
for i = first_pass, #ARGV do
  redis.call('ZADD', PASSED, 0, ARGV[i])
  add(tonumber(string.match(ARGV[i], '|(%x+)$'), 16))
end
redis.call('HSET', LEDGER, 'changes', changes + 1)
for i = 1, 6 do
  redis.call('DEL', KEYS[i])
  if redis.call('EXISTS', KEYS[i + 6]) == 1 then
    redis.call('RENAME', KEYS[i + 6], KEYS[i])
    redis.call('PERSIST', KEYS[i])
  end
end
return redis.call('HLEN', KEYS[4])
