// A million numbers with fractions in order; a few of them and a checksum of all places.
"use strict";
const { random, run } = require("./kernel.js");

run(1000000, (n) => {
  const xs = new Float64Array(n);
  let x = 42;
  for (let i = 0; i < n; i++) {
    x = random(x);
    xs[i] = (x - 1000000000) / 4096;
  }
  xs.sort();
  let checksum = 0;
  for (let i = 0; i < n; i++) checksum += xs[i] * (i % 10);
  console.log(`${xs[0].toFixed(6)} ${xs[n >> 1].toFixed(6)} ${xs[n - 1].toFixed(6)} ${checksum.toFixed(6)}`);
});
