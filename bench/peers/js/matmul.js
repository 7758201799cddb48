// The product of two square matrices, each an array of rows.
"use strict";
const { run } = require("./kernel.js");

function matrix(n, cell) {
  return Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (_, j) => cell(i, j)));
}

function multiply(a, b, n) {
  const result = matrix(n, () => 0);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let total = 0;
      for (let k = 0; k < n; k++) total += a[i][k] * b[k][j];
      result[i][j] = total;
    }
  }
  return result;
}

run(200, (n) => {
  const a = matrix(n, (i, j) => (i + j) / n);
  const b = matrix(n, (i, j) => (i - j + 1) / n);
  const c = multiply(a, b, n);
  let trace = 0;
  for (let i = 0; i < n; i++) trace += c[i][i];
  console.log(`trace ${trace.toFixed(6)}`);
  console.log(`corners ${c[0][0].toFixed(6)} ${c[0][n - 1].toFixed(6)} ${c[n - 1][0].toFixed(6)}`);
});
