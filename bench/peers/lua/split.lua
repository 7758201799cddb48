-- One text cut into a million pieces, ten times.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function split(text, separator)
  local pieces, from = {}, 1
  while true do
    local at = text:find(separator, from, true)
    if not at then break end
    pieces[#pieces + 1] = text:sub(from, at - 1)
    from = at + #separator
  end
  pieces[#pieces + 1] = text:sub(from)
  return pieces
end

kernel.run(1000000, function(n)
  local numbers = {}
  for i = 1, n do numbers[i] = tostring(i - 1) end
  local text = table.concat(numbers, ",")
  local total = 0
  for turn = 0, 9 do
    local pieces = split(text, ",")
    total = total + #pieces + #pieces[n - turn]
  end
  kernel.printf("%d", total)
end)
