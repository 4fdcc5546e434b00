-- Put every task whose lease is over back where it was in the queue.
-- KEYS: 1 waiting, 2 leases, 3 places, 4 traits
-- ARGV: 1 now (epoch seconds)
-- Returns the ids.
local over = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1])
for _, id in ipairs(over) do
  redis.call('ZREM', KEYS[2], id)
  local place = redis.call('HGET', KEYS[3], id)
  if place then
    redis.call('ZADD', KEYS[1], place, id)
  end
end
return over
