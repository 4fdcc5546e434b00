-- Give each text of a batch the moment at which it may go, so that a sender never exceeds its rate (GCRA with no burst).
-- KEYS: 1 the moment from which the sender is free again (epoch seconds)
-- ARGV: 1 now (epoch seconds), 2 seconds a segment, 3… segments of each text, in the order of sending
-- Returns the delay of each text, in seconds, as text (Lua numbers lose their fraction on the way).
local now, pace = tonumber(ARGV[1]), tonumber(ARGV[2])
local free = tonumber(redis.call('GET', KEYS[1]) or '0')
local delays = {}
for i = 3, #ARGV do
  local start = math.max(now, free)
  delays[#delays + 1] = tostring(start - now)
  free = start + tonumber(ARGV[i]) * pace
end
redis.call('SET', KEYS[1], string.format('%.6f', free), 'EX', math.ceil(math.max(1, free - now)) + 60)
return delays
