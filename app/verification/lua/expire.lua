-- expire: every task whose lease is over waits again, in its old place.
-- KEYS: waiting, leases, holders, facts, passed, ledger
-- ARGV: 1 now (epoch seconds)
-- Returns their ids.
local over = redis.call('ZRANGEBYSCORE', LEASES, '-inf', ARGV[1])
for _, id in ipairs(over) do
  local task = known(id)
  if task then
    put_in(task)
  else
    redis.call('ZREM', LEASES, id)
    redis.call('HDEL', HOLDERS, id)
  end
  changed()
end
return over
