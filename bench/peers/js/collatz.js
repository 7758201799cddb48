// The number below a limit that takes longest to reach 1: halve it if even, else take 3n + 1.
"use strict";
const { run } = require("./kernel.js");

function stepsToOne(start) {
  let taken = 0;
  for (let n = start; n !== 1; taken++) n = n % 2 === 0 ? n / 2 : 3 * n + 1;
  return taken;
}

run(1000000, (limit) => {
  let best = 1;
  let longest = 0;
  for (let n = 1; n < limit; n++) {
    const taken = stepsToOne(n);
    if (taken > longest) {
      best = n;
      longest = taken;
    }
  }
  console.log(`${best} takes ${longest} steps`);
});
