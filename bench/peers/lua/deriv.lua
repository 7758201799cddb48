-- The derivative of 3x² + ax² + bx + 5 as a new expression, many times.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function num(value) return {kind = "num", value = value} end
local function var(name) return {kind = "var", name = name} end
local function add(left, right) return {kind = "add", left = left, right = right} end
local function mul(left, right) return {kind = "mul", left = left, right = right} end

local function derivative(e, name)
  if e.kind == "num" then
    return num(0)
  elseif e.kind == "var" then
    return num(e.name == name and 1 or 0)
  elseif e.kind == "add" then
    return add(derivative(e.left, name), derivative(e.right, name))
  end
  return add(mul(e.left, derivative(e.right, name)), mul(derivative(e.left, name), e.right))
end

local function nodes(e)
  if e.kind == "num" or e.kind == "var" then return 1 end
  return 1 + nodes(e.left) + nodes(e.right)
end

local function polynomial()
  local x = var(0)
  local squares = add(mul(num(3), mul(x, x)), mul(var(1), mul(x, x)))
  return add(squares, add(mul(var(2), x), num(5)))
end

kernel.run(1000000, function(turns)
  local e, total = polynomial(), 0
  for _ = 1, turns do total = total + nodes(derivative(e, 0)) end
  kernel.printf("%d nodes", total)
end)
