-- Breadth-first search: how far the cells of a square maze are from its corner.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

-- Cells are numbered from 0, as in the other languages.
local function maze(n)
  local open, x = {}, 5
  for cell = 0, n * n - 1 do open[cell] = true end
  for row = 1, n - 1 do
    for column = 1, n - 1 do
      x = kernel.random(x)
      if math.floor(x / 65536) % 3 == 0 then open[row * n + column] = false end
    end
  end
  return open
end

local function distances(open, n)
  local found, queue = {}, {}
  for cell = 0, n * n - 1 do found[cell], queue[cell] = -1, 0 end
  local head, tail = 0, 1
  found[0] = 0
  while head < tail do
    local cell = queue[head]
    head = head + 1
    local column, next_distance = cell % n, found[cell] + 1
    if cell >= n and open[cell - n] and found[cell - n] < 0 then
      found[cell - n], queue[tail] = next_distance, cell - n
      tail = tail + 1
    end
    if column > 0 and open[cell - 1] and found[cell - 1] < 0 then
      found[cell - 1], queue[tail] = next_distance, cell - 1
      tail = tail + 1
    end
    if column < n - 1 and open[cell + 1] and found[cell + 1] < 0 then
      found[cell + 1], queue[tail] = next_distance, cell + 1
      tail = tail + 1
    end
    if cell < n * n - n and open[cell + n] and found[cell + n] < 0 then
      found[cell + n], queue[tail] = next_distance, cell + n
      tail = tail + 1
    end
  end
  return found
end

kernel.run(1500, function(n)
  local found = distances(maze(n), n)
  local reached, farthest, total = 0, 0, 0
  for cell = 0, n * n - 1 do
    local d = found[cell]
    if d >= 0 then
      reached, total = reached + 1, total + d
      if d > farthest then farthest = d end
    end
  end
  kernel.printf("%d of %d cells, %d steps to the farthest, %d in all", reached, n * n, farthest, total)
end)
