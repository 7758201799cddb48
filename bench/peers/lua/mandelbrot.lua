-- The sum of the pixels of a picture of the Mandelbrot set.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local LIMIT = 200

local function escape(cr, ci)
  local zr, zi, n = 0.0, 0.0, 0
  while n < LIMIT and zr * zr + zi * zi <= 4.0 do
    zr, zi = zr * zr - zi * zi + cr, 2.0 * zr * zi + ci
    n = n + 1
  end
  return n
end

kernel.run(600, function(n)
  local total = 0
  for y = 0, n - 1 do
    for x = 0, n - 1 do total = total + escape(3.0 * x / n - 2.25, 3.0 * y / n - 1.5) end
  end
  kernel.printf("checksum %d", total)
end)
