-- A value that may be missing in every turn.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function odd(i)
  if i % 2 == 0 then return nil end
  return i
end

kernel.run(10000000, function(turns)
  local total = 0
  for i = 0, turns - 1 do total = total + (odd(i) or 7) end
  kernel.printf("%d", total)
end)
