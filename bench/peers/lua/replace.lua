-- A million words in one text replaced by longer ones, ten times.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

kernel.run(1000000, function(n)
  local text = ("the cat sat on "):rep(n)
  local total = 0
  for turn = 0, 9 do total = total + #text:gsub("cat", "lion" .. turn) end
  kernel.printf("%d characters", total)
end)
