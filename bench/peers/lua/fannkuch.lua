-- Pancakes: for each order of n of them, how many flips it takes until number 1 lies on top.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function fannkuch(n)
  local order, flipped, counts = {}, {}, {}
  for i = 1, n do order[i], flipped[i], counts[i] = i, i, 0 end
  local most, checksum, is_even, left = 0, 0, true, n
  while true do
    while left > 1 do
      counts[left] = left
      left = left - 1
    end

    local top = order[1]
    if top ~= 1 then
      for i = 1, n do flipped[i] = order[i] end
      local flips = 0
      while top ~= 1 do
        local low, high = 1, top
        while low < high do
          flipped[low], flipped[high] = flipped[high], flipped[low]
          low, high = low + 1, high - 1
        end
        flips = flips + 1
        top = flipped[1]
      end
      if flips > most then most = flips end
      checksum = checksum + (is_even and flips or -flips)
    end

    is_even = not is_even
    while true do
      if left == n then return checksum, most end
      local front = order[1]
      for i = 1, left do order[i] = order[i + 1] end
      order[left + 1] = front
      counts[left + 1] = counts[left + 1] - 1
      if counts[left + 1] > 0 then break end
      left = left + 1
    end
  end
end

kernel.run(10, function(n)
  local checksum, most = fannkuch(n)
  kernel.printf("%d", checksum)
  kernel.printf("Pfannkuchen(%d) = %d", n, most)
end)
