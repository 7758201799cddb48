// The spectral norm of the infinite matrix 1, 1/2, 1/3, 1/4, ... by the power method.
"use strict";
const { run } = require("./kernel.js");

const cell = (i, j) => 1 / (((i + j) * (i + j + 1)) / 2 + i + 1);

function multiply(v, n) {
  const result = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let total = 0;
    for (let j = 0; j < n; j++) total += cell(i, j) * v[j];
    result[i] = total;
  }
  return result;
}

function multiplyTransposed(v, n) {
  const result = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let total = 0;
    for (let j = 0; j < n; j++) total += cell(j, i) * v[j];
    result[i] = total;
  }
  return result;
}

const multiplyTwice = (v, n) => multiplyTransposed(multiply(v, n), n);

run(1000, (n) => {
  let u = new Float64Array(n).fill(1);
  let v = new Float64Array(n);
  for (let i = 0; i < 10; i++) {
    v = multiplyTwice(u, n);
    u = multiplyTwice(v, n);
  }
  let uv = 0;
  let vv = 0;
  for (let i = 0; i < n; i++) {
    uv += u[i] * v[i];
    vv += v[i] * v[i];
  }
  console.log(Math.sqrt(uv / vv).toFixed(9));
});
