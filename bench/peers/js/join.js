// A million short texts joined to one, ten times.
"use strict";
const { run } = require("./kernel.js");

run(1000000, (n) => {
  const pieces = Array.from({ length: n }, (_, i) => String(i));
  let total = 0;
  for (let turn = 0; turn < 10; turn++) {
    pieces[turn] = `turn ${turn}`;
    total += pieces.join(", ").length;
  }
  console.log(`${total} characters`);
});
