-- Replace the whole queue by what PostgreSQL holds.
-- KEYS: 1 waiting, 2 leases, 3 places, 4 traits
-- ARGV: four for each task: id, score, traits, expiry of its lease or ""
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
for i = 1, #ARGV, 4 do
  redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1])
  redis.call('HSET', KEYS[4], ARGV[i], ARGV[i + 2])
  if ARGV[i + 3] == '' then
    redis.call('ZADD', KEYS[1], ARGV[i + 1], ARGV[i])
  else
    redis.call('ZADD', KEYS[2], ARGV[i + 3], ARGV[i])
  end
end
return #ARGV / 4
