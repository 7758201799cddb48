-- The spectral norm of the infinite matrix 1, 1/2, 1/3, 1/4, ... by the power method.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function cell(i, j) return 1 / ((i + j) * (i + j + 1) / 2 + i + 1) end

local function multiply(v, n)
  local result = {}
  for i = 1, n do
    local total = 0.0
    for j = 1, n do total = total + cell(i - 1, j - 1) * v[j] end
    result[i] = total
  end
  return result
end

local function multiply_transposed(v, n)
  local result = {}
  for i = 1, n do
    local total = 0.0
    for j = 1, n do total = total + cell(j - 1, i - 1) * v[j] end
    result[i] = total
  end
  return result
end

local function multiply_twice(v, n) return multiply_transposed(multiply(v, n), n) end

kernel.run(1000, function(n)
  local u, v = {}, nil
  for i = 1, n do u[i] = 1.0 end
  for _ = 1, 10 do
    v = multiply_twice(u, n)
    u = multiply_twice(v, n)
  end
  local uv, vv = 0.0, 0.0
  for i = 1, n do
    uv = uv + u[i] * v[i]
    vv = vv + v[i] * v[i]
  end
  kernel.printf("%.9f", math.sqrt(uv / vv))
end)
