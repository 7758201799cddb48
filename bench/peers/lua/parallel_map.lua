-- A costly function of many numbers, each on its own, on one thread.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function steps(x)
  local taken = 0
  while x ~= 1 do
    if x % 2 == 0 then x = x / 2 else x = 3 * x + 1 end
    taken = taken + 1
  end
  return taken
end

local function map(xs, f)
  local results = {}
  for i = 1, #xs do results[i] = f(xs[i]) end
  return results
end

kernel.run(300000, function(n)
  local xs = {}
  for i = 1, n do xs[i] = i end
  local results = map(xs, steps)
  local total = 0
  for i = 1, n do total = total + results[i] end
  kernel.printf("%d numbers, %d steps, %d for the last", n, total, results[n])
end)
