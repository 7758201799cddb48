-- Takeuchi's function: nothing but calls.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function tak(x, y, z)
  if y >= x then return z end
  return tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y))
end

kernel.run(24, function(n) kernel.printf("%d", tak(n, n - 8, n - 18)) end)
