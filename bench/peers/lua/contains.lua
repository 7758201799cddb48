-- A million texts asked for a part each, ten times.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

kernel.run(1000000, function(n)
  local texts = {}
  for i = 1, n do texts[i] = "the quick brown fox number " .. i - 1 .. " jumps over the lazy dog" end
  local found = 0
  for turn = 0, 9 do
    local wanted = turn .. "7 jumps"
    for i = 1, n do
      if texts[i]:find(wanted, 1, true) then found = found + 1 end
    end
  end
  kernel.printf("%d found", found)
end)
