// The compensated sum (Neumaier) of a typed array of a million numbers, a hundred times.
"use strict";
const { run } = require("./kernel.js");

function sum(xs) {
  let total = 0;
  let lost = 0;
  for (let i = 0; i < xs.length; i++) {
    const x = xs[i];
    const next = total + x;
    lost += Math.abs(total) >= Math.abs(x) ? total - next + x : x - next + total;
    total = next;
  }
  return total + lost;
}

run(1000000, (n) => {
  const xs = Float64Array.from({ length: n }, (_, i) => 1 / (i + 1));
  let total = 0;
  for (let turn = 0; turn < 100; turn++) {
    xs[turn] = turn;
    total += sum(xs);
  }
  console.log(total.toFixed(6));
});
