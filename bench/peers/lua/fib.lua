-- Fibonacci numbers by plain recursion.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

kernel.run(40, function(n) kernel.printf("fib(%d) = %d", n, fib(n)) end)
