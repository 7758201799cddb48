// The one billion row challenge with fewer rows.
"use strict";
const { runFile } = require("./kernel.js");

const fs = require("node:fs");

runFile((path) => {
  const stations = new Map();
  for (const line of fs.readFileSync(path, "utf8").split("\n")) {
    const at = line.indexOf(";");
    if (at < 0) continue;
    const name = line.slice(0, at);
    const value = Number(line.slice(at + 1));
    const known = stations.get(name);
    if (known === undefined) {
      stations.set(name, { count: 1, total: value, least: value, most: value });
    } else {
      known.count++;
      known.total += value;
      if (value < known.least) known.least = value;
      if (value > known.most) known.most = value;
    }
  }
  for (const name of [...stations.keys()].sort()) {
    const s = stations.get(name);
    console.log(`${name} ${s.least.toFixed(1)}/${(s.total / s.count).toFixed(6)}/${s.most.toFixed(1)}`);
  }
});
