-- The last element of a million, found a hundred times.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function find(xs, fits)
  for i = 1, #xs do
    if fits(xs[i]) then return xs[i] end
  end
  return nil
end

kernel.run(1000000, function(n)
  local xs = {}
  for i = 1, n do xs[i] = (i - 1) * 2 end
  local total = 0
  for turn = 0, 99 do
    local wanted = 2 * (n - 1 - turn)
    total = total + (find(xs, function(x) return x == wanted end) or 0)
  end
  kernel.printf("%d", total)
end)
