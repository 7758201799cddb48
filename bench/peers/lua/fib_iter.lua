-- Fibonacci numbers by a loop that carries two values, which wrap around at 64 bits.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

-- LuaJIT has such numbers as values of C.
local zero, one = 0, 1
if jit then
  local int64 = require("ffi").typeof("int64_t")
  zero, one = int64(0), int64(1)
end

kernel.run(50000000, function(n)
  local a, b = zero, one
  for _ = 1, n do a, b = b, a + b end
  kernel.printf("fib(%d) = %s", n, (tostring(a):gsub("LL", "")))
end)
