// The edit distance of two texts, letter by letter.
"use strict";
const { random, run } = require("./kernel.js");

function distance(a, b) {
  const source = [...a];
  const target = [...b];
  let above = Int32Array.from({ length: target.length + 1 }, (_, j) => j);
  let current = new Int32Array(target.length + 1);
  for (let i = 0; i < source.length; i++) {
    current[0] = i + 1;
    for (let j = 0; j < target.length; j++) {
      const cost = source[i] === target[j] ? 0 : 1;
      current[j + 1] = Math.min(above[j + 1] + 1, current[j] + 1, above[j] + cost);
    }
    [above, current] = [current, above];
  }
  return above[target.length];
}

function text(n, seed) {
  const parts = [];
  let x = seed;
  for (let i = 0; i < n; i++) {
    x = random(x);
    parts.push("abcdefgh"[(x >> 16) % 8]);
  }
  return parts.join("");
}

run(2000, (n) => {
  console.log(`kitten -> sitting: ${distance("kitten", "sitting")}`);
  console.log(`flaw -> lawn: ${distance("flaw", "lawn")}`);
  console.log(`${n} letters: ${distance(text(n, 1), text(n, 2))}`);
});
