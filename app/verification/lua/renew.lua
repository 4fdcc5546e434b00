-- renew: make a lease last longer. One that is gone (over, flushed away) is made again: PostgreSQL said that it is held.
-- KEYS: waiting, leases, holders, facts, passed, ledger
-- ARGV: 1 id, 2 facts, 3 who, 4 when the lease ends (epoch seconds)
-- Returns 1, or 0 when the news is old.
local task = learn(ARGV[1], ARGV[2])
if not task then
  return 0
end
hold(task, ARGV[3], ARGV[4])
return 1
