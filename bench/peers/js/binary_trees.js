// Binary trees of the benchmarks game: many small trees live shortly, one lives through all.
"use strict";
const { run } = require("./kernel.js");

const bottomUp = (depth) => (depth === 0 ? null : { left: bottomUp(depth - 1), right: bottomUp(depth - 1) });
const check = (tree) => (tree === null ? 1 : 1 + check(tree.left) + check(tree.right));

run(18, (deepest) => {
  console.log(`stretch ${check(bottomUp(deepest + 1))}`);
  const long = bottomUp(deepest);
  for (let depth = 4; depth <= deepest; depth += 2) {
    const turns = 2 ** (deepest - depth + 4);
    let total = 0;
    for (let i = 0; i < turns; i++) total += check(bottomUp(depth));
    console.log(`${turns} trees of depth ${depth}: ${total}`);
  }
  console.log(`long lived ${check(long)}`);
});
