-- How often which word comes in a text, and the most frequent ones.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

kernel.run_file(function(path)
  local counts, words, total = {}, {}, 0
  for word in read(path):gmatch("%S+") do
    local count = counts[word]
    if not count then
      words[#words + 1] = word
      count = 0
    end
    counts[word] = count + 1
    total = total + 1
  end
  kernel.printf("%d words, %d different", total, #words)
  table.sort(words, function(a, b)
    if counts[a] ~= counts[b] then return counts[a] > counts[b] end
    return a < b
  end)
  for i = 1, math.min(5, #words) do kernel.printf("%s %d", words[i], counts[words[i]]) end
end)
