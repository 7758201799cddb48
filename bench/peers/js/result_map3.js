// Three maps over a result in every turn.
"use strict";
const { run } = require("./kernel.js");

class Result {
  constructor(ok, value) {
    this.ok = ok;
    this.value = value;
  }

  map(f) {
    return this.ok ? new Result(true, f(this.value)) : this;
  }

  flatMap(f) {
    return this.ok ? f(this.value) : this;
  }

  unwrapOr(other) {
    return this.ok ? this.value : other;
  }
}

run(10000000, (turns) => {
  let total = 0;
  for (let i = 0; i < turns; i++) {
    total += new Result(true, i)
      .map((x) => x + 1)
      .map((x) => x * 2)
      .map((x) => x - 1)
      .unwrapOr(0);
  }
  console.log(String(total));
});
