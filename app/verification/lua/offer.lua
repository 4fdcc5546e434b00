-- Put a task into the queue, or change its place in it. A task that is leased keeps its lease and gets the new place for later.
-- KEYS: 1 waiting (zset id -> score), 2 leases (zset id -> expiry), 3 places (hash id -> score), 4 traits (hash id -> "county|language")
-- ARGV: 1 id, 2 score (lower is sooner), 3 traits
-- Returns 1 when it waits now, 0 when somebody holds it.
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[4], ARGV[1], ARGV[3])
if redis.call('ZSCORE', KEYS[2], ARGV[1]) then
  return 0
end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
return 1
