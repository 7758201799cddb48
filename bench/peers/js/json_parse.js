// A JSON file read and added up.
"use strict";
const { runFile } = require("./kernel.js");

const fs = require("node:fs");

runFile((path) => {
  const people = JSON.parse(fs.readFileSync(path, "utf8"));
  let ages = 0;
  let active = 0;
  let letters = 0;
  let score = 0;
  for (const person of people) {
    ages += person.age;
    if (person.active) active++;
    letters += person.name.length + person.tags.length;
    score += person.score;
  }
  const sums = `${ages} years, ${active} active, ${letters} letters, ${score.toFixed(3)} points`;
  console.log(`${people.length} people, ${sums}`);
});
