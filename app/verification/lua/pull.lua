-- pull: hand out the most urgent waiting task of the lanes that a volunteer can work in, but none that they passed on.
-- KEYS: waiting, leases, holders, facts, passed, ledger
-- ARGV: 1 who, 2 when the lease ends (epoch seconds), 3 the lanes, "<county or *>|<language>|<skill or *>|" each,
--       with commas between them
-- Returns the id, or false when nothing fits.
local some_passed = redis.call('ZCARD', PASSED) > 0
local function passed(id)
  local from = id .. '|' .. ARGV[1] .. '|'
  return some_passed and #redis.call('ZRANGEBYLEX', PASSED, '[' .. from, '(' .. from .. '\255', 'LIMIT', 0, 1) > 0
end
local first
for lane in string.gmatch(ARGV[3], '[^,]+') do
  local from, to = '[' .. lane, '(' .. lane .. '\255'
  while true do
    local member = redis.call('ZRANGEBYLEX', WAITING, from, to, 'LIMIT', 0, 1)[1]
    local place = member and string.sub(member, #lane + 1)
    if not place or (first and place >= first) then
      break
    end
    if not passed(string.match(place, '|(.*)$')) then
      first = place
      break
    end
    from = '(' .. member
  end
end
if not first then
  return false
end
local id = string.match(first, '|(.*)$')
hold(known(id), ARGV[1], ARGV[2])
changed()
return id
