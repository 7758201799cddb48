-- Binary trees of the benchmarks game: many small trees live shortly, one lives through all.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function bottom_up(depth)
  if depth == 0 then return false end
  return {bottom_up(depth - 1), bottom_up(depth - 1)}
end

local function check(tree)
  if not tree then return 1 end
  return 1 + check(tree[1]) + check(tree[2])
end

kernel.run(18, function(deepest)
  kernel.printf("stretch %d", check(bottom_up(deepest + 1)))
  local long = bottom_up(deepest)
  for depth = 4, deepest, 2 do
    local turns, total = 2 ^ (deepest - depth + 4), 0
    for _ = 1, turns do total = total + check(bottom_up(depth)) end
    kernel.printf("%d trees of depth %d: %d", turns, depth, total)
  end
  kernel.printf("long lived %d", check(long))
end)
