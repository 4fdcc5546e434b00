-- offer: put a task where it belongs, or move it. One that is held stays held and gets its new place for later.
-- KEYS: waiting, leases, holders, facts, passed, ledger
-- ARGV: 1 id, 2 facts
-- Returns 1 when it waits now, 0 when somebody holds it or the news is old.
local task = learn(ARGV[1], ARGV[2])
if not task or redis.call('ZSCORE', LEASES, ARGV[1]) then
  return 0
end
put_in(task)
return 1
