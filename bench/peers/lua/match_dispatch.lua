-- Areas of shapes of four kinds, by a chain of comparisons in a loop.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function area(shape)
  if shape.kind == "circle" then
    return 3.0 * shape.radius * shape.radius
  elseif shape.kind == "square" then
    return shape.side * shape.side
  elseif shape.kind == "rectangle" then
    return shape.width * shape.height
  elseif shape.kind == "triangle" then
    return 0.5 * shape.base * shape.height
  end
  error("no shape")
end

kernel.run(10000000, function(turns)
  local shapes = {
    {kind = "circle", radius = 1.5},
    {kind = "square", side = 2.0},
    {kind = "rectangle", width = 2.0, height = 3.0},
    {kind = "triangle", base = 4.0, height = 5.0},
  }
  local total = 0.0
  for i = 0, turns - 1 do total = total + area(shapes[i % 4 + 1]) end
  kernel.printf("%d", math.floor(total))
end)
