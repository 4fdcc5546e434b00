-- release: a task that was held waits again, in its old place.
-- KEYS: waiting, leases, holders, facts, passed, ledger
-- ARGV: 1 id, 2 facts
-- Returns 1, or 0 when the news is old.
local task = learn(ARGV[1], ARGV[2])
if not task then
  return 0
end
put_in(task)
return 1
