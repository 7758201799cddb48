// A million words in one text replaced by longer ones, ten times.
"use strict";
const { run } = require("./kernel.js");

run(1000000, (n) => {
  const text = "the cat sat on ".repeat(n);
  let total = 0;
  for (let turn = 0; turn < 10; turn++) total += text.replaceAll("cat", `lion${turn}`).length;
  console.log(`${total} characters`);
});
