// The derivative of 3x² + ax² + bx + 5 as a new expression, many times.
"use strict";
const { run } = require("./kernel.js");

const num = (value) => ({ kind: "num", value });
const variable = (name) => ({ kind: "var", name });
const add = (left, right) => ({ kind: "add", left, right });
const mul = (left, right) => ({ kind: "mul", left, right });

function derivative(e, name) {
  switch (e.kind) {
    case "num":
      return num(0);
    case "var":
      return num(e.name === name ? 1 : 0);
    case "add":
      return add(derivative(e.left, name), derivative(e.right, name));
    default:
      return add(mul(e.left, derivative(e.right, name)), mul(derivative(e.left, name), e.right));
  }
}

function nodes(e) {
  return e.kind === "num" || e.kind === "var" ? 1 : 1 + nodes(e.left) + nodes(e.right);
}

function polynomial() {
  const x = variable(0);
  const squares = add(mul(num(3), mul(x, x)), mul(variable(1), mul(x, x)));
  return add(squares, add(mul(variable(2), x), num(5)));
}

run(1000000, (turns) => {
  const e = polynomial();
  let total = 0;
  for (let i = 0; i < turns; i++) total += nodes(derivative(e, 0));
  console.log(`${total} nodes`);
});
