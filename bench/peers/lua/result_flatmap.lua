-- A flatMap over a result in every turn; a third of them fail.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function checked(x)
  if x % 3 == 0 then return {ok = false, value = "divisible"} end
  return {ok = true, value = x * 2}
end

local function flat_map(result, f)
  if result.ok then return f(result.value) end
  return result
end

local function unwrap_or(result, other)
  if result.ok then return result.value end
  return other
end

kernel.run(10000000, function(turns)
  local total = 0
  for i = 0, turns - 1 do total = total + unwrap_or(flat_map({ok = true, value = i}, checked), 1) end
  kernel.printf("%d", total)
end)
