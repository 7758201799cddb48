-- The compensated sum (Neumaier) of a table of a million numbers, a hundred times.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local abs = math.abs

local function sum(xs)
  local total, lost = 0.0, 0.0
  for i = 1, #xs do
    local x = xs[i]
    local next_total = total + x
    if abs(total) >= abs(x) then
      lost = lost + ((total - next_total) + x)
    else
      lost = lost + ((x - next_total) + total)
    end
    total = next_total
  end
  return total + lost
end

kernel.run(1000000, function(n)
  local xs = {}
  for i = 1, n do xs[i] = 1 / i end
  local total = 0.0
  for turn = 0, 99 do
    xs[turn + 1] = turn + 0.0
    total = total + sum(xs)
  end
  kernel.printf("%.6f", total)
end)
