// Takeuchi's function: nothing but calls.
"use strict";
const { run } = require("./kernel.js");

function tak(x, y, z) {
  return y >= x ? z : tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y));
}

run(24, (n) => console.log(String(tak(n, n - 8, n - 18))));
