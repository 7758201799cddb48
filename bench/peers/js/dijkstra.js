// Dijkstra's shortest paths over a random graph of five edges a node, with a binary heap.
"use strict";
const { random, run } = require("./kernel.js");

const EDGES = 5;
const FAR = 1000000000000;

// A heap of keys (distances) and nodes in two arrays, the least first.
class Heap {
  keys = [];
  nodes = [];

  push(key, node) {
    const { keys, nodes } = this;
    let at = keys.length;
    keys.push(key);
    nodes.push(node);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (keys[parent] <= key) break;
      keys[at] = keys[parent];
      nodes[at] = nodes[parent];
      at = parent;
    }
    keys[at] = key;
    nodes[at] = node;
  }

  removeFirst() {
    const { keys, nodes } = this;
    const key = keys.pop();
    const node = nodes.pop();
    const n = keys.length;
    if (n === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= n) break;
      if (child + 1 < n && keys[child + 1] < keys[child]) child++;
      if (keys[child] >= key) break;
      keys[at] = keys[child];
      nodes[at] = nodes[child];
      at = child;
    }
    keys[at] = key;
    nodes[at] = node;
  }
}

function shortest(targets, weights, n) {
  const distance = new Float64Array(n).fill(FAR);
  const heap = new Heap();
  distance[0] = 0;
  heap.push(0, 0);
  while (heap.keys.length > 0) {
    const key = heap.keys[0];
    const node = heap.nodes[0];
    heap.removeFirst();
    if (key !== distance[node]) continue;
    for (let edge = node * EDGES; edge < (node + 1) * EDGES; edge++) {
      const target = targets[edge];
      const through = key + weights[edge];
      if (through < distance[target]) {
        distance[target] = through;
        heap.push(through, target);
      }
    }
  }
  return distance;
}

run(200000, (n) => {
  const targets = new Int32Array(n * EDGES);
  const weights = new Int32Array(n * EDGES);
  let x = 3;
  for (let i = 0; i < n * EDGES; i++) {
    x = random(x);
    targets[i] = (x >> 8) % n;
    weights[i] = 1 + (x % 1000);
  }
  let reached = 0;
  let farthest = 0;
  let total = 0;
  for (const d of shortest(targets, weights, n)) {
    if (d < FAR) {
      reached++;
      total += d;
      if (d > farthest) farthest = d;
    }
  }
  console.log(`${reached} of ${n} nodes, ${farthest} to the farthest, ${total} in all`);
});
