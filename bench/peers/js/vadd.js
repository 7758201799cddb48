// A new typed array of the sums of two others, a million numbers each, a hundred times.
"use strict";
const { run } = require("./kernel.js");

function add(xs, ys) {
  const sums = new Float64Array(xs.length);
  for (let i = 0; i < xs.length; i++) sums[i] = xs[i] + ys[i];
  return sums;
}

run(1000000, (n) => {
  const xs = Float64Array.from({ length: n }, (_, i) => i % 100);
  const ys = Float64Array.from({ length: n }, (_, i) => i % 7);
  let total = 0;
  for (let turn = 0; turn < 100; turn++) {
    xs[turn] = turn;
    const sums = add(xs, ys);
    total += sums[turn] + sums[n - 1];
  }
  console.log(total.toFixed(1));
});
