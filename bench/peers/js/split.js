// One text cut into a million pieces, ten times.
"use strict";
const { run } = require("./kernel.js");

run(1000000, (n) => {
  const text = Array.from({ length: n }, (_, i) => String(i)).join(",");
  let total = 0;
  for (let turn = 0; turn < 10; turn++) {
    const pieces = text.split(",");
    total += pieces.length + pieces[n - 1 - turn].length;
  }
  console.log(String(total));
});
