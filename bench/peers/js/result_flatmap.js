// A flatMap over a result in every turn; a third of them fail.
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

const checked = (x) => (x % 3 === 0 ? new Result(false, "divisible") : new Result(true, x * 2));

run(10000000, (turns) => {
  let total = 0;
  for (let i = 0; i < turns; i++) total += new Result(true, i).flatMap(checked).unwrapOr(1);
  console.log(String(total));
});
