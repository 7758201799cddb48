-- The Euclidean norm of a table of a million numbers, a hundred times.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function norm(xs)
  local total = 0.0
  for i = 1, #xs do total = total + xs[i] * xs[i] end
  return math.sqrt(total)
end

kernel.run(1000000, function(n)
  local xs = {}
  for i = 1, n do xs[i] = (i - 1) % 100 + 0.0 end
  local total = 0.0
  for turn = 0, 99 do
    xs[turn + 1] = turn + 0.0
    total = total + norm(xs)
  end
  kernel.printf("%.6f", total)
end)
