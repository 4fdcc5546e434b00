-- Take a task out for good.
-- KEYS: 1 waiting, 2 leases, 3 places, 4 traits
-- ARGV: 1 id
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
return 1
