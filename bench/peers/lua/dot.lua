-- The dot product of two tables of a million numbers, a hundred times.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function dot(xs, ys)
  local total = 0.0
  for i = 1, #xs do total = total + xs[i] * ys[i] end
  return total
end

kernel.run(1000000, function(n)
  local xs, ys = {}, {}
  for i = 1, n do xs[i], ys[i] = (i - 1) % 100 + 0.0, (i - 1) % 7 + 0.0 end
  local total = 0.0
  for turn = 0, 99 do
    xs[turn + 1] = turn + 0.0
    total = total + dot(xs, ys)
  end
  kernel.printf("%.1f", total)
end)
