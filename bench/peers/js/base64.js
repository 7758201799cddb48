// A text of a megabyte to base64 and back, a number of times.
"use strict";
const { run } = require("./kernel.js");

run(50, (turns) => {
  let text = "0123456789 the quick brown fox ".repeat(32000);
  let total = 0;
  for (let turn = 0; turn < turns; turn++) {
    const coded = Buffer.from(text).toString("base64");
    const back = Buffer.from(coded, "base64").toString();
    total += coded.length + (back === text ? 1 : 0);
    text = String(turn % 10) + back.slice(1);
  }
  console.log(`${total} ${text.slice(0, 20)}`);
});
