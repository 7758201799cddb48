// How often which word comes in a text, and the most frequent ones.
"use strict";
const { runFile } = require("./kernel.js");

const fs = require("node:fs");

runFile((path) => {
  const counts = new Map();
  let total = 0;
  for (const word of fs.readFileSync(path, "utf8").split(/\s+/)) {
    if (word === "") continue;
    counts.set(word, (counts.get(word) ?? 0) + 1);
    total++;
  }
  console.log(`${total} words, ${counts.size} different`);
  const pairs = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  for (const [word, count] of pairs.slice(0, 5)) console.log(`${word} ${count}`);
});
