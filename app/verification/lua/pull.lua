-- Hand out the first waiting task that fits: one of the counties (an empty list fits all; a task without county fits all) and one of the
-- languages (likewise). Looks at the first 200 waiting, so that a pull costs the same however many wait.
-- KEYS: 1 waiting, 2 leases, 3 places, 4 traits
-- ARGV: 1 expiry of the lease (epoch seconds), 2 ",county,county," or "", 3 ",language,language," or ""
-- Returns the id, or false when nothing fits.
local first = redis.call('ZRANGE', KEYS[1], 0, 199)
for _, id in ipairs(first) do
  local traits = redis.call('HGET', KEYS[4], id) or '|'
  local cut = string.find(traits, '|', 1, true)
  local county, language = string.sub(traits, 1, cut - 1), string.sub(traits, cut + 1)
  local near = ARGV[2] == '' or county == '' or string.find(ARGV[2], ',' .. county .. ',', 1, true)
  local understood = ARGV[3] == '' or language == '' or string.find(ARGV[3], ',' .. language .. ',', 1, true)
  if near and understood then
    redis.call('ZREM', KEYS[1], id)
    redis.call('ZADD', KEYS[2], ARGV[1], id)
    return id
  end
end
return false
