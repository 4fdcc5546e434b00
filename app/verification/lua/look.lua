-- look: what the queue holds, to be compared with the table.
-- KEYS: waiting, leases, holders, facts, passed, ledger
-- ARGV: none
-- Returns how many wait, how many leases, facts and passes there are, the sum, the changes, and the holders as id, who, id, who...
return {
  redis.call('ZCARD', WAITING) / 4, redis.call('ZCARD', LEASES), redis.call('HLEN', FACTS), redis.call('ZCARD', PASSED),
  redis.call('HGET', LEDGER, 'sum') or '0', redis.call('HGET', LEDGER, 'changes') or '0', redis.call('HGETALL', HOLDERS),
}
