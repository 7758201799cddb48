// The dot product of two typed arrays of a million numbers, a hundred times.
"use strict";
const { run } = require("./kernel.js");

function dot(xs, ys) {
  let total = 0;
  for (let i = 0; i < xs.length; i++) total += xs[i] * ys[i];
  return total;
}

run(1000000, (n) => {
  const xs = Float64Array.from({ length: n }, (_, i) => i % 100);
  const ys = Float64Array.from({ length: n }, (_, i) => i % 7);
  let total = 0;
  for (let turn = 0; turn < 100; turn++) {
    xs[turn] = turn;
    total += dot(xs, ys);
  }
  console.log(total.toFixed(1));
});
