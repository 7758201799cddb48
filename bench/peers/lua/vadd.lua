-- A new table of the sums of two others, a million numbers each, a hundred times.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function add(xs, ys)
  local sums = {}
  for i = 1, #xs do sums[i] = xs[i] + ys[i] end
  return sums
end

kernel.run(1000000, function(n)
  local xs, ys = {}, {}
  for i = 1, n do xs[i], ys[i] = (i - 1) % 100 + 0.0, (i - 1) % 7 + 0.0 end
  local total = 0.0
  for turn = 0, 99 do
    xs[turn + 1] = turn + 0.0
    local sums = add(xs, ys)
    total = total + sums[turn + 1] + sums[n]
  end
  kernel.printf("%.1f", total)
end)
