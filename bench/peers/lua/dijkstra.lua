-- Dijkstra's shortest paths over a random graph of five edges a node, with a binary heap.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local EDGES = 5
local FAR = 1000000000000
local floor = math.floor

-- The heap: keys (distances) and nodes in two tables, the least first.
local function push(keys, nodes, key, node)
  local at = #keys + 1
  while at > 1 do
    local parent = floor(at / 2)
    if keys[parent] <= key then break end
    keys[at], nodes[at] = keys[parent], nodes[parent]
    at = parent
  end
  keys[at], nodes[at] = key, node
end

local function remove_first(keys, nodes)
  local n = #keys
  local key, node = keys[n], nodes[n]
  keys[n], nodes[n] = nil, nil
  n = n - 1
  if n == 0 then return end
  local at = 1
  while true do
    local child = 2 * at
    if child > n then break end
    if child < n and keys[child + 1] < keys[child] then child = child + 1 end
    if keys[child] >= key then break end
    keys[at], nodes[at] = keys[child], nodes[child]
    at = child
  end
  keys[at], nodes[at] = key, node
end

local function shortest(targets, weights, n)
  local distance, keys, nodes = {}, {0}, {0}
  for node = 0, n - 1 do distance[node] = FAR end
  distance[0] = 0
  while #keys > 0 do
    local key, node = keys[1], nodes[1]
    remove_first(keys, nodes)
    if key == distance[node] then
      for edge = node * EDGES, node * EDGES + EDGES - 1 do
        local target, through = targets[edge], key + weights[edge]
        if through < distance[target] then
          distance[target] = through
          push(keys, nodes, through, target)
        end
      end
    end
  end
  return distance
end

kernel.run(200000, function(n)
  local targets, weights, x = {}, {}, 3
  for i = 0, n * EDGES - 1 do
    x = kernel.random(x)
    targets[i], weights[i] = floor(x / 256) % n, 1 + x % 1000
  end
  local distance = shortest(targets, weights, n)
  local reached, farthest, total = 0, 0, 0
  for node = 0, n - 1 do
    local d = distance[node]
    if d < FAR then
      reached, total = reached + 1, total + d
      if d > farthest then farthest = d end
    end
  end
  kernel.printf("%d of %d nodes, %d to the farthest, %d in all", reached, n, farthest, total)
end)
