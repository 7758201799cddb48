// The Sun and the four giant planets, moved by their own gravity; one typed array for each coordinate.
"use strict";
const { run } = require("./kernel.js");

const SOLAR_MASS = 4 * Math.PI * Math.PI;
const YEAR = 365.24;
const BODIES = 5;

const array = (values, scale = 1) => Float64Array.from(values, (value) => value * scale);
const xs = array([0, 4.8414314424647209, 8.34336671824457987, 12.894369562139131, 15.3796971148509165]);
const ys = array([0, -1.16032004402742839, 4.12479856412430479, -15.1111514016986312, -25.9193146099879641]);
const zs = array([0, -0.103622044471123109, -0.403523417114321381, -0.223307578892655734, 0.179258772950371181]);
const vxs = array(
  [0, 1.66007664274403694e-3, -2.76742510726411021e-3, 2.96460137564761618e-3, 2.68067772490389322e-3], YEAR);
const vys = array(
  [0, 7.69901118419740425e-3, 4.99852801234917238e-3, 2.3784717395948095e-3, 1.62824170038242295e-3], YEAR);
const vzs = array(
  [0, -6.90460016972063023e-5, 2.30417297573763929e-5, -2.96589568540237556e-5, -9.5159225451971587e-5], YEAR);
const masses = array(
  [1, 9.54791938424326609e-4, 2.85885980666130812e-4, 4.36624404335156298e-5, 5.15138902046611451e-5], SOLAR_MASS);

// Let the Sun move so that the system as a whole rests.
function rest() {
  let px = 0;
  let py = 0;
  let pz = 0;
  for (let i = 0; i < BODIES; i++) {
    px += vxs[i] * masses[i];
    py += vys[i] * masses[i];
    pz += vzs[i] * masses[i];
  }
  vxs[0] = -px / SOLAR_MASS;
  vys[0] = -py / SOLAR_MASS;
  vzs[0] = -pz / SOLAR_MASS;
}

function energy() {
  let e = 0;
  for (let i = 0; i < BODIES; i++) {
    e += 0.5 * masses[i] * (vxs[i] * vxs[i] + vys[i] * vys[i] + vzs[i] * vzs[i]);
    for (let j = i + 1; j < BODIES; j++) {
      const dx = xs[i] - xs[j];
      const dy = ys[i] - ys[j];
      const dz = zs[i] - zs[j];
      e -= (masses[i] * masses[j]) / Math.sqrt(dx * dx + dy * dy + dz * dz);
    }
  }
  return e;
}

function advance(dt) {
  for (let i = 0; i < BODIES; i++) {
    for (let j = i + 1; j < BODIES; j++) {
      const dx = xs[i] - xs[j];
      const dy = ys[i] - ys[j];
      const dz = zs[i] - zs[j];
      const squared = dx * dx + dy * dy + dz * dz;
      const pull = dt / (squared * Math.sqrt(squared));
      const byI = masses[i] * pull;
      const byJ = masses[j] * pull;
      vxs[i] -= dx * byJ;
      vys[i] -= dy * byJ;
      vzs[i] -= dz * byJ;
      vxs[j] += dx * byI;
      vys[j] += dy * byI;
      vzs[j] += dz * byI;
    }
  }
  for (let i = 0; i < BODIES; i++) {
    xs[i] += dt * vxs[i];
    ys[i] += dt * vys[i];
    zs[i] += dt * vzs[i];
  }
}

run(5000000, (rounds) => {
  rest();
  console.log(energy().toFixed(9));
  for (let i = 0; i < rounds; i++) advance(0.01);
  console.log(energy().toFixed(9));
});
