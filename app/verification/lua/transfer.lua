-- transfer: a task goes from its holder's hands into another's without waiting in between.
-- KEYS: waiting, leases, holders, facts, passed, ledger
-- ARGV: 1 id, 2 facts, 3 who has it now, 4 when their lease ends (epoch seconds)
-- Returns who had it, or false when nobody did or the news is old.
local task = learn(ARGV[1], ARGV[2])
if not task then
  return false
end
local before = redis.call('HGET', HOLDERS, ARGV[1])
hold(task, ARGV[3], ARGV[4])
return before
