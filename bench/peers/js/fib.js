// Fibonacci numbers by plain recursion.
"use strict";
const { run } = require("./kernel.js");

function fib(n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

run(40, (n) => console.log(`fib(${n}) = ${fib(n)}`));
