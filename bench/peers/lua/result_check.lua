-- A result is made and asked in every turn: a value, or nil and an error.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function checked(i)
  if i % 3 == 0 then return nil, "divisible" end
  return i
end

kernel.run(10000000, function(turns)
  local total = 0
  for i = 0, turns - 1 do
    local value = checked(i)
    if value then total = total + value end
  end
  kernel.printf("%d", total)
end)
