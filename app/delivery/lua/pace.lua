-- Give each text of a batch the moment at which it may go, so that neither the line nor its campaign exceeds its rate (GCRA with no burst).
-- KEYS: for each pace (the line's, its campaign's) the moment from which it is free again (epoch seconds)
-- ARGV: 1 now (epoch seconds), 2 the moment from which this process knows the line to be free, 3 seconds of debt where a key is gone,
--       then for each key the seconds a segment takes, then the segments of each text, in the order of sending
-- Returns the delay of each text, in seconds, as text (Lua numbers lose their fraction on the way).
-- The keys never expire: one that is not there was lost with what other processes had reserved, so a whole second is taken as used up.
local now, start = tonumber(ARGV[1]), math.max(tonumber(ARGV[1]), tonumber(ARGV[2]))
local free, delays = {}, {}
for k = 1, #KEYS do
  free[k] = tonumber(redis.call('GET', KEYS[k]) or now + tonumber(ARGV[3]))
end
for i = 4 + #KEYS, #ARGV do
  for k = 1, #KEYS do
    start = math.max(start, free[k])
  end
  delays[#delays + 1] = string.format('%.6f', start - now)
  for k = 1, #KEYS do
    free[k] = start + tonumber(ARGV[i]) * tonumber(ARGV[3 + k])
  end
end
for k = 1, #KEYS do
  redis.call('SET', KEYS[k], string.format('%.6f', free[k]))
end
return delays
