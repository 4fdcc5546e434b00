-- Make a lease last longer. A lease that is gone (expired, released, flushed away) is made again: PostgreSQL said that it is held.
-- KEYS: 1 waiting, 2 leases, 3 places, 4 traits
-- ARGV: 1 id, 2 new expiry (epoch seconds)
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
return 1
