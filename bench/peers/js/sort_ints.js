// A million whole numbers in order; a few of them and a checksum of all places.
"use strict";
const { random, run } = require("./kernel.js");

run(1000000, (n) => {
  const xs = new Int32Array(n);
  let x = 42;
  for (let i = 0; i < n; i++) {
    x = random(x);
    xs[i] = x;
  }
  xs.sort();
  let checksum = 0;
  for (let i = 0; i < n; i++) checksum = (checksum + xs[i] * (i % 10)) % 1000000007;
  console.log(`${xs[0]} ${xs[n >> 1]} ${xs[n - 1]} ${checksum}`);
});
