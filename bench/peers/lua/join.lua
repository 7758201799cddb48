-- A million short texts joined to one, ten times.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

kernel.run(1000000, function(n)
  local pieces = {}
  for i = 1, n do pieces[i] = tostring(i - 1) end
  local total = 0
  for turn = 0, 9 do
    pieces[turn + 1] = "turn " .. turn
    total = total + #table.concat(pieces, ", ")
  end
  kernel.printf("%d characters", total)
end)
