-- The number below a limit that takes longest to reach 1: halve it if even, else take 3n + 1.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function steps_to_one(n)
  local taken = 0
  while n ~= 1 do
    if n % 2 == 0 then n = n / 2 else n = 3 * n + 1 end
    taken = taken + 1
  end
  return taken
end

kernel.run(1000000, function(limit)
  local best, longest = 1, 0
  for n = 1, limit - 1 do
    local taken = steps_to_one(n)
    if taken > longest then best, longest = n, taken end
  end
  kernel.printf("%d takes %d steps", best, longest)
end)
