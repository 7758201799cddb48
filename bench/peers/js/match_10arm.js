// A switch of ten arms over numbers.
"use strict";
const { run } = require("./kernel.js");

function pick(n) {
  switch (n) {
    case 0:
      return 1;
    case 1:
      return 2;
    case 2:
      return 3;
    case 3:
      return 4;
    case 4:
      return 5;
    case 5:
      return 6;
    case 6:
      return 7;
    case 7:
      return 8;
    case 8:
      return 9;
    default:
      return 10;
  }
}

run(10000000, (turns) => {
  let total = 0;
  for (let i = 0; i < turns; i++) total += pick(i % 12);
  console.log(String(total));
});
