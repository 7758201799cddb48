// A costly function of many numbers, each on its own, on one thread.
"use strict";
const { run } = require("./kernel.js");

function steps(start) {
  let taken = 0;
  for (let x = start; x !== 1; taken++) x = x % 2 === 0 ? x / 2 : 3 * x + 1;
  return taken;
}

run(300000, (n) => {
  const results = Array.from({ length: n }, (_, i) => i + 1).map(steps);
  let total = 0;
  for (const taken of results) total += taken;
  console.log(`${n} numbers, ${total} steps, ${results[n - 1]} for the last`);
});
