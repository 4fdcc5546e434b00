-- rebuild: draw the queue anew from the table, beside the one that is in use, and put it in its place at once when it is whole. A long one
-- comes in several parts, so that nobody waits for it.
-- KEYS: waiting, leases, holders, facts, passed, ledger; then the same six of the new one
-- ARGV: 1 "last" when this part makes it whole, else "", 2 the "changes" of the queue when the table was read, or "" to replace it anyway,
--       3 how many tasks this part has; for each task its id, facts, who holds it or "", when the lease ends or "";
--       then for each who passed one on "<id>|<who>|<sum>"
-- Returns how many tasks the new one has; false when the queue changed meanwhile, and then it stays as it was.
local tasks = tonumber(ARGV[3])
for i = 4, 4 * tasks, 4 do
  local task = entry(ARGV[i], ARGV[i + 1])
  redis.call('HSET', FACTS, task.id, ARGV[i + 1])
  add(task.sum, 1)
  if ARGV[i + 2] == '' then
    redis.call('ZADD', WAITING, 0, task.near, 0, task.anywhere)
  else
    redis.call('ZADD', LEASES, ARGV[i + 3], task.id)
    redis.call('HSET', HOLDERS, task.id, ARGV[i + 2])
  end
end
for i = 4 * tasks + 4, #ARGV do
  redis.call('ZADD', PASSED, 0, ARGV[i])
  add(string.match(ARGV[i], '|(%x+)$'), 1)
end
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
redis.call('HSET', LEDGER, 'changes', changes + 1)
for i = 1, 6 do
  redis.call('DEL', KEYS[i])
  if redis.call('EXISTS', KEYS[i + 6]) == 1 then
    redis.call('RENAME', KEYS[i + 6], KEYS[i])
    redis.call('PERSIST', KEYS[i])
  end
end
return redis.call('HLEN', KEYS[4])
