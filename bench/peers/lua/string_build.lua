-- Building one long text from pieces, cutting it up again and looking at what comes out.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local function split(text, separator)
  local pieces, from = {}, 1
  while true do
    local at = text:find(separator, from, true)
    if not at then break end
    pieces[#pieces + 1] = text:sub(from, at - 1)
    from = at + #separator
  end
  pieces[#pieces + 1] = text:sub(from)
  return pieces
end

local function build(n)
  local pieces = {}
  for i = 1, n do pieces[i] = "item " .. i - 1 .. " of " .. n end
  return table.concat(pieces, "; ")
end

kernel.run(200000, function(n)
  local text = build(n)
  local pieces = split(text, "; ")
  local letters, sevens = 0, 0
  for _, piece in ipairs(pieces) do
    letters = letters + #piece
    if piece:find("7", 1, true) then sevens = sevens + 1 end
  end
  local shout = text:gsub("item", "thing"):upper()
  kernel.printf("%d characters in %d pieces", #text, #pieces)
  kernel.printf("%d without separators, %d pieces with a 7", letters, sevens)
  kernel.printf("%d characters: %s ... %s", #shout, shout:sub(1, 24), shout:sub(-16))
end)
