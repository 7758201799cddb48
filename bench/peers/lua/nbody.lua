-- The Sun and the four giant planets, moved by their own gravity; one table for each coordinate.
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua"
local kernel = require("kernel")

local SOLAR_MASS = 4 * math.pi * math.pi
local YEAR = 365.24
local BODIES = 5

local function scaled(factor, values)
  for i = 1, #values do values[i] = values[i] * factor end
  return values
end

local xs = {0.0, 4.84143144246472090, 8.34336671824457987, 12.8943695621391310, 15.3796971148509165}
local ys = {0.0, -1.16032004402742839, 4.12479856412430479, -15.1111514016986312, -25.9193146099879641}
local zs = {0.0, -0.103622044471123109, -0.403523417114321381, -0.223307578892655734, 0.179258772950371181}
local vxs = scaled(YEAR,
  {0.0, 1.66007664274403694e-3, -2.76742510726411021e-3, 2.96460137564761618e-3, 2.68067772490389322e-3})
local vys = scaled(YEAR,
  {0.0, 7.69901118419740425e-3, 4.99852801234917238e-3, 2.37847173959480950e-3, 1.62824170038242295e-3})
local vzs = scaled(YEAR,
  {0.0, -6.90460016972063023e-5, 2.30417297573763929e-5, -2.96589568540237556e-5, -9.51592254519715870e-5})
local masses = scaled(SOLAR_MASS,
  {1.0, 9.54791938424326609e-4, 2.85885980666130812e-4, 4.36624404335156298e-5, 5.15138902046611451e-5})
local sqrt = math.sqrt

-- Let the Sun move so that the system as a whole rests.
local function rest()
  local px, py, pz = 0.0, 0.0, 0.0
  for i = 1, BODIES do
    px = px + vxs[i] * masses[i]
    py = py + vys[i] * masses[i]
    pz = pz + vzs[i] * masses[i]
  end
  vxs[1], vys[1], vzs[1] = -px / SOLAR_MASS, -py / SOLAR_MASS, -pz / SOLAR_MASS
end

local function energy()
  local e = 0.0
  for i = 1, BODIES do
    e = e + 0.5 * masses[i] * (vxs[i] * vxs[i] + vys[i] * vys[i] + vzs[i] * vzs[i])
    for j = i + 1, BODIES do
      local dx, dy, dz = xs[i] - xs[j], ys[i] - ys[j], zs[i] - zs[j]
      e = e - masses[i] * masses[j] / sqrt(dx * dx + dy * dy + dz * dz)
    end
  end
  return e
end

local function advance(dt)
  for i = 1, BODIES do
    for j = i + 1, BODIES do
      local dx, dy, dz = xs[i] - xs[j], ys[i] - ys[j], zs[i] - zs[j]
      local squared = dx * dx + dy * dy + dz * dz
      local pull = dt / (squared * sqrt(squared))
      local by_i, by_j = masses[i] * pull, masses[j] * pull
      vxs[i] = vxs[i] - dx * by_j
      vys[i] = vys[i] - dy * by_j
      vzs[i] = vzs[i] - dz * by_j
      vxs[j] = vxs[j] + dx * by_i
      vys[j] = vys[j] + dy * by_i
      vzs[j] = vzs[j] + dz * by_i
    end
  end
  for i = 1, BODIES do
    xs[i] = xs[i] + dt * vxs[i]
    ys[i] = ys[i] + dt * vys[i]
    zs[i] = zs[i] + dt * vzs[i]
  end
end

kernel.run(5000000, function(rounds)
  rest()
  kernel.printf("%.9f", energy())
  for _ = 1, rounds do advance(0.01) end
  kernel.printf("%.9f", energy())
end)
