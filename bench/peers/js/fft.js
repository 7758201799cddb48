// The fast Fourier transform (radix 2, in place) and back, five times.
"use strict";
const { random, run } = require("./kernel.js");

function reorder(re, im) {
  const n = re.length;
  for (let i = 0, j = 0; i < n; i++) {
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
    let bit = n >> 1;
    for (; bit > 0 && (j & bit) !== 0; bit >>= 1) j ^= bit;
    j |= bit;
  }
}

function transform(re, im, direction) {
  reorder(re, im);
  const n = re.length;
  let stepCos = -1;
  let stepSin = 0;
  for (let half = 1; half < n; half <<= 1) {
    let wr = 1;
    let wi = 0;
    for (let k = 0; k < half; k++) {
      for (let i = k; i < n; i += 2 * half) {
        const j = i + half;
        const tr = wr * re[j] - wi * im[j];
        const ti = wr * im[j] + wi * re[j];
        re[j] = re[i] - tr;
        im[j] = im[i] - ti;
        re[i] += tr;
        im[i] += ti;
      }
      const next = wr * stepCos - wi * stepSin;
      wi = wr * stepSin + wi * stepCos;
      wr = next;
    }
    // half the angle
    const cosine = Math.sqrt((1 + stepCos) / 2);
    stepSin = half === 1 ? direction : stepSin / (2 * cosine);
    stepCos = half === 1 ? 0 : cosine;
  }
}

run(17, (size) => {
  const n = 1 << size;
  const re = new Float64Array(n);
  const im = new Float64Array(n);
  let x = 7;
  for (let i = 0; i < n; i++) {
    x = random(x);
    re[i] = x / 2147483648;
  }
  const first = re[0];
  let peak = 0;
  for (let turn = 0; turn < 5; turn++) {
    transform(re, im, -1);
    peak = Math.sqrt(re[1] * re[1] + im[1] * im[1]);
    transform(re, im, 1);
    for (let i = 0; i < n; i++) {
      re[i] /= n;
      im[i] /= n;
    }
  }
  const ends = `first ${first.toFixed(9)} ${re[0].toFixed(9)}, middle ${re[n >> 1].toFixed(9)}`;
  console.log(`${n} points, peak ${peak.toFixed(6)}, ${ends}`);
});
