// JSON text of many records.
"use strict";
const { run } = require("./kernel.js");

run(100000, (n) => {
  const people = Array.from({ length: n }, (_, i) => ({
    id: i,
    name: `person "${i}"`,
    age: i % 90,
    active: i % 3 === 0,
    score: i / 8,
    tags: [`tag${i % 7}`, "größe"],
    note: `line one\nline two of ${i}`,
  }));
  const text = JSON.stringify(people);
  console.log(`${text.length} characters, ${text.split("true").length - 1} active, ${text.slice(-40)}`);
});
