-- Three maps over a result in every turn.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function map(result, f)
  if not result.ok then return result end
  return {ok = true, value = f(result.value)}
end

local function more(x) return x + 1 end
local function twice(x) return x * 2 end
local function less(x) return x - 1 end

kernel.run(10000000, function(turns)
  local total = 0
  for i = 0, turns - 1 do total = total + map(map(map({ok = true, value = i}, more), twice), less).value end
  kernel.printf("%d", total)
end)
