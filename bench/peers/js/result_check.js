// A result is made and asked in every turn.
"use strict";
const { run } = require("./kernel.js");

const checked = (i) => (i % 3 === 0 ? { ok: false, error: "divisible" } : { ok: true, value: i });

run(10000000, (turns) => {
  let total = 0;
  for (let i = 0; i < turns; i++) {
    const outcome = checked(i);
    if (outcome.ok) total += outcome.value;
  }
  console.log(String(total));
});
