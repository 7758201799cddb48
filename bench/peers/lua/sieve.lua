-- The sieve of Eratosthenes.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function count_primes(limit)
  local is_prime = {}
  for n = 1, limit do is_prime[n] = true end
  local found = 0
  for n = 2, limit do
    if is_prime[n] then
      found = found + 1
      for multiple = n * n, limit, n do is_prime[multiple] = false end
    end
  end
  return found
end

kernel.run(10000000, function(limit) kernel.printf("%d primes up to %d", count_primes(limit), limit) end)
