-- The edit distance of two texts, letter by letter.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function distance(a, b)
  local source, target = {a:byte(1, -1)}, {b:byte(1, -1)}
  local above, current = {}, {}
  for j = 0, #target do above[j], current[j] = j, 0 end
  for i, x in ipairs(source) do
    current[0] = i
    for j, y in ipairs(target) do
      local best = above[j - 1] + (x == y and 0 or 1)
      if above[j] + 1 < best then best = above[j] + 1 end
      if current[j - 1] + 1 < best then best = current[j - 1] + 1 end
      current[j] = best
    end
    above, current = current, above
  end
  return above[#target]
end

local function text(n, seed)
  local letters, parts, x = "abcdefgh", {}, seed
  for i = 1, n do
    x = kernel.random(x)
    local at = math.floor(x / 65536) % 8 + 1
    parts[i] = letters:sub(at, at)
  end
  return table.concat(parts)
end

kernel.run(2000, function(n)
  kernel.printf("kitten -> sitting: %d", distance("kitten", "sitting"))
  kernel.printf("flaw -> lawn: %d", distance("flaw", "lawn"))
  kernel.printf("%d letters: %d", n, distance(text(n, 1), text(n, 2)))
end)
