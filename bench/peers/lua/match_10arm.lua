-- A chain of ten comparisons of numbers.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function pick(n)
  if n == 0 then
    return 1
  elseif n == 1 then
    return 2
  elseif n == 2 then
    return 3
  elseif n == 3 then
    return 4
  elseif n == 4 then
    return 5
  elseif n == 5 then
    return 6
  elseif n == 6 then
    return 7
  elseif n == 7 then
    return 8
  elseif n == 8 then
    return 9
  end
  return 10
end

kernel.run(10000000, function(turns)
  local total = 0
  for i = 0, turns - 1 do total = total + pick(i % 12) end
  kernel.printf("%d", total)
end)
