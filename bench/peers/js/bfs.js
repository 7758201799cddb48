// Breadth-first search: how far the cells of a square maze are from its corner.
"use strict";
const { random, run } = require("./kernel.js");

function maze(n) {
  const open = new Uint8Array(n * n).fill(1);
  let x = 5;
  for (let row = 1; row < n; row++) {
    for (let column = 1; column < n; column++) {
      x = random(x);
      if ((x >> 16) % 3 === 0) open[row * n + column] = 0;
    }
  }
  return open;
}

function distances(open, n) {
  const found = new Int32Array(n * n).fill(-1);
  const queue = new Int32Array(n * n);
  let head = 0;
  let tail = 1;
  found[0] = 0;
  while (head < tail) {
    const cell = queue[head++];
    const column = cell % n;
    const next = found[cell] + 1;
    if (cell >= n && open[cell - n] && found[cell - n] < 0) {
      found[cell - n] = next;
      queue[tail++] = cell - n;
    }
    if (column > 0 && open[cell - 1] && found[cell - 1] < 0) {
      found[cell - 1] = next;
      queue[tail++] = cell - 1;
    }
    if (column < n - 1 && open[cell + 1] && found[cell + 1] < 0) {
      found[cell + 1] = next;
      queue[tail++] = cell + 1;
    }
    if (cell < n * n - n && open[cell + n] && found[cell + n] < 0) {
      found[cell + n] = next;
      queue[tail++] = cell + n;
    }
  }
  return found;
}

run(1500, (n) => {
  let reached = 0;
  let farthest = 0;
  let total = 0;
  for (const d of distances(maze(n), n)) {
    if (d >= 0) {
      reached++;
      total += d;
      if (d > farthest) farthest = d;
    }
  }
  console.log(`${reached} of ${n * n} cells, ${farthest} steps to the farthest, ${total} in all`);
});
