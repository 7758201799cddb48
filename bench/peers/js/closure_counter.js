// A counter that is a closure, called in every turn.
"use strict";
const { run } = require("./kernel.js");

function makeCounter(step) {
  let count = 0;
  return () => {
    count += step;
    return count;
  };
}

run(10000000, (turns) => {
  const counter = makeCounter((turns % 7) + 1);
  let last = 0;
  for (let i = 0; i < turns; i++) last = counter();
  console.log(String(last));
});
