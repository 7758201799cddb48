-- A shape is made and matched in every turn.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function area(shape)
  if shape.kind == "circle" then
    return 3.0 * shape.radius * shape.radius
  elseif shape.kind == "rectangle" then
    return shape.width * shape.height
  end
  error("no shape")
end

local function made(i)
  local x = i % 8
  if i % 2 == 0 then return {kind = "circle", radius = x} end
  return {kind = "rectangle", width = x, height = 2.0}
end

kernel.run(10000000, function(turns)
  local total = 0.0
  for i = 0, turns - 1 do total = total + area(made(i)) end
  kernel.printf("%d", math.floor(total))
end)
