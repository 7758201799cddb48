-- A counter that is a closure, called in every turn.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function make_counter(step)
  local count = 0
  return function()
    count = count + step
    return count
  end
end

kernel.run(10000000, function(turns)
  local counter = make_counter(turns % 7 + 1)
  local last = 0
  for _ = 1, turns do last = counter() end
  kernel.printf("%d", last)
end)
