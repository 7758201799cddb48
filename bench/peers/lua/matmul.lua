-- The product of two square matrices, each a table of rows.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function matrix(n, cell)
  local rows = {}
  for i = 1, n do
    local row = {}
    for j = 1, n do row[j] = cell(i - 1, j - 1) end
    rows[i] = row
  end
  return rows
end

local function multiply(a, b, n)
  local result = matrix(n, function() return 0.0 end)
  for i = 1, n do
    for j = 1, n do
      local total = 0.0
      for k = 1, n do total = total + a[i][k] * b[k][j] end
      result[i][j] = total
    end
  end
  return result
end

kernel.run(200, function(n)
  local a = matrix(n, function(i, j) return (i + j) / n end)
  local b = matrix(n, function(i, j) return (i - j + 1) / n end)
  local c = multiply(a, b, n)
  local trace = 0.0
  for i = 1, n do trace = trace + c[i][i] end
  kernel.printf("trace %.6f", trace)
  kernel.printf("corners %.6f %.6f %.6f", c[1][1], c[1][n], c[n][1])
end)
