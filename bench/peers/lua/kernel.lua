-- What every Lua peer is run by, in LuaJIT and Lua 5.4 alike: the size comes from the command line, and with BENCH=1 in
-- the environment the nanoseconds that the kernel took go to stderr. Lua has no finer clock than that of processor time.
local kernel = {}

local clock = os.clock
if jit then
  local ffi = require("ffi")
  ffi.cdef("typedef struct { long seconds, nanoseconds; } Time; int clock_gettime(int, Time *);")
  clock = function()
    local now = ffi.new("Time")
    ffi.C.clock_gettime(1, now)  -- 1 is the monotonic clock of Linux
    return tonumber(now.seconds) + tonumber(now.nanoseconds) * 1e-9
  end
end

local function timed(body, ...)
  local start = clock()
  body(...)
  local elapsed = clock() - start
  if os.getenv("BENCH") then io.stderr:write(string.format("%.0f\n", elapsed * 1e9)) end
end

-- Calls body with the first argument as a number, or with usual when there is none.
function kernel.run(usual, body) timed(body, arg[1] and tonumber(arg[1]) or usual) end

-- Calls body with the first argument as the path of a file.
function kernel.run_file(body) timed(body, arg[1]) end

-- The next of a row of numbers below 2 ^ 31 that only look random; in two parts, because LuaJIT's numbers are doubles.
function kernel.random(x)
  local low = x % 65536
  local high = (x - low) / 65536
  return ((high * 1103515245 % 32768) * 65536 + low * 1103515245 + 12345) % 2147483648
end

function kernel.printf(format, ...) io.write(string.format(format, ...), "\n") end

return kernel
