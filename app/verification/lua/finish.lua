-- finish: take a task out for good, with everyone who passed it on.
-- KEYS: waiting, leases, holders, facts, passed, ledger
-- ARGV: 1 id, 2 fence
-- Returns 1 when it was there, 0 when it was not or the news is old.
local task = known(ARGV[1])
if not task or task.fence > tonumber(ARGV[2]) then
  return 0
end
take_out(task)
add(-task.sum)
redis.call('HDEL', FACTS, ARGV[1])
redis.call('ZREM', LEASES, ARGV[1])
redis.call('HDEL', HOLDERS, ARGV[1])
local from = ARGV[1] .. '|'
for _, member in ipairs(redis.call('ZRANGEBYLEX', PASSED, '[' .. from, '(' .. from .. '\255')) do
  redis.call('ZREM', PASSED, member)
  add(-tonumber(string.match(member, '|(%x+)$'), 16))
end
changed()
return 1
