-- The one billion row challenge with fewer rows.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

kernel.run_file(function(path)
  local stations, names = {}, {}
  for line in io.lines(path) do
    local at = line:find(";", 1, true)
    if at then
      local name, value = line:sub(1, at - 1), tonumber(line:sub(at + 1))
      local known = stations[name]
      if not known then
        names[#names + 1] = name
        stations[name] = {count = 1, total = value, least = value, most = value}
      else
        known.count = known.count + 1
        known.total = known.total + value
        if value < known.least then known.least = value end
        if value > known.most then known.most = value end
      end
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local s = stations[name]
    kernel.printf("%s %.1f/%.6f/%.1f", name, s.least, s.total / s.count, s.most)
  end
end)
