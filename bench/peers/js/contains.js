// A million texts asked for a part each, ten times.
"use strict";
const { run } = require("./kernel.js");

run(1000000, (n) => {
  const texts = Array.from({ length: n }, (_, i) => `the quick brown fox number ${i} jumps over the lazy dog`);
  let found = 0;
  for (let turn = 0; turn < 10; turn++) {
    const wanted = `${turn}7 jumps`;
    for (const text of texts) if (text.includes(wanted)) found++;
  }
  console.log(`${found} found`);
});
