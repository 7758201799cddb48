// The sum of the pixels of a picture of the Mandelbrot set.
"use strict";
const { run } = require("./kernel.js");

const LIMIT = 200;

function escape(cr, ci) {
  let zr = 0;
  let zi = 0;
  let n = 0;
  while (n < LIMIT && zr * zr + zi * zi <= 4) {
    const next = zr * zr - zi * zi + cr;
    zi = 2 * zr * zi + ci;
    zr = next;
    n++;
  }
  return n;
}

run(600, (n) => {
  let total = 0;
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) total += escape((3 * x) / n - 2.25, (3 * y) / n - 1.5);
  }
  console.log(`checksum ${total}`);
});
