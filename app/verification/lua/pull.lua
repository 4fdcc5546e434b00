-- pull: hand out the most urgent waiting task of the lanes that a volunteer can work in, but none that they passed on.
-- KEYS: waiting, leases, holders, facts, passed, ledger
-- ARGV: 1 who, 2 when the lease ends (epoch seconds), 3 the lanes, "<county or *>|<language>|<skill or *>|" each,
--       with commas between them
-- Returns the id, or false when nothing fits.
local call = redis.call
local some_passed = call('ZCARD', PASSED) > 0
local function passed(id)
  local from = id .. '|' .. ARGV[1] .. '|'
  return #call('ZRANGEBYLEX', PASSED, '[' .. from, '(' .. from .. '\255', 'LIMIT', 0, 1) > 0
end
local first
for lane in string.gmatch(ARGV[3], '[^,]+') do
  local from, to = '[' .. lane, '(' .. (first and lane .. first or lane .. '\255')
  while true do
    local member = call('ZRANGEBYLEX', WAITING, from, to, 'LIMIT', 0, 1)[1]
    if not member then
      break
    end
    local place = string.sub(member, #lane + 1)
    if not some_passed or not passed(string.sub(place, 15)) then
      first = place
      break
    end
    from = '(' .. member
  end
end
if not first then
  return false
end
local id = string.sub(first, 15) -- after the 13 digits of its place and a bar
local county, language, skill = string.match(call('HGET', FACTS, id), '^([^|]*)|([^|]*)|([^|]*)|')
call('ZREM', WAITING, lanes_of(county, language, skill, first))
call('ZADD', LEASES, ARGV[2], id)
call('HSET', HOLDERS, id, ARGV[1])
changed()
return id
