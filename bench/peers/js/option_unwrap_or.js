// A value that may be missing in every turn.
"use strict";
const { run } = require("./kernel.js");

const odd = (i) => (i % 2 === 0 ? undefined : i);

run(10000000, (turns) => {
  let total = 0;
  for (let i = 0; i < turns; i++) total += odd(i) ?? 7;
  console.log(String(total));
});
