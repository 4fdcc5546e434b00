-- skip: a task that was held waits again, for everyone but the one who passed it on.
-- KEYS: waiting, leases, holders, facts, passed, ledger
-- ARGV: 1 id, 2 facts, 3 who passed it on, 4 the sum of the two
-- Returns 1 when it waits now, 0 when somebody has it by now.
if redis.call('ZADD', PASSED, 0, ARGV[1] .. '|' .. ARGV[3] .. '|' .. ARGV[4]) == 1 then
  add(tonumber(ARGV[4], 16))
  changed()
end
local task = learn(ARGV[1], ARGV[2])
if not task then
  return 0
end
put_in(task)
return 1
