// The last element of a million, found a hundred times.
"use strict";
const { run } = require("./kernel.js");

run(1000000, (n) => {
  const xs = Array.from({ length: n }, (_, i) => i * 2);
  let total = 0;
  for (let turn = 0; turn < 100; turn++) {
    const wanted = 2 * (n - 1 - turn);
    total += xs.find((x) => x === wanted) ?? 0;
  }
  console.log(String(total));
});
