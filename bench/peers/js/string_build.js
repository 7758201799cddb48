// Building one long text from pieces, cutting it up again and looking at what comes out.
"use strict";
const { run } = require("./kernel.js");

function build(n) {
  const pieces = [];
  for (let i = 0; i < n; i++) pieces.push(`item ${i} of ${n}`);
  return pieces.join("; ");
}

run(200000, (n) => {
  const text = build(n);
  const pieces = text.split("; ");
  let letters = 0;
  let sevens = 0;
  for (const piece of pieces) {
    letters += piece.length;
    if (piece.includes("7")) sevens++;
  }
  const shout = text.replaceAll("item", "thing").toUpperCase();
  console.log(`${text.length} characters in ${pieces.length} pieces`);
  console.log(`${letters} without separators, ${sevens} pieces with a 7`);
  console.log(`${shout.length} characters: ${shout.slice(0, 24)} ... ${shout.slice(-16)}`);
});
