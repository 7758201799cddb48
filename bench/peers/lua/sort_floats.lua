-- A million numbers with fractions in order; a few of them and a checksum of all places.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

kernel.run(1000000, function(n)
  local xs, x = {}, 42
  for i = 1, n do
    x = kernel.random(x)
    xs[i] = (x - 1000000000) / 4096
  end
  table.sort(xs)
  local checksum = 0.0
  for i = 1, n do checksum = checksum + xs[i] * ((i - 1) % 10) end
  kernel.printf("%.6f %.6f %.6f %.6f", xs[1], xs[math.floor(n / 2) + 1], xs[n], checksum)
end)
