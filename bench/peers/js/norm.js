// The Euclidean norm of a typed array of a million numbers, a hundred times.
"use strict";
const { run } = require("./kernel.js");

function norm(xs) {
  let total = 0;
  for (let i = 0; i < xs.length; i++) total += xs[i] * xs[i];
  return Math.sqrt(total);
}

run(1000000, (n) => {
  const xs = Float64Array.from({ length: n }, (_, i) => i % 100);
  let total = 0;
  for (let turn = 0; turn < 100; turn++) {
    xs[turn] = turn;
    total += norm(xs);
  }
  console.log(total.toFixed(6));
});
