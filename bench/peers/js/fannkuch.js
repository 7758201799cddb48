// Pancakes: for each order of n of them, how many flips it takes until number 1 lies on top.
"use strict";
const { run } = require("./kernel.js");

function fannkuch(n) {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const flipped = new Int32Array(n);
  const counts = new Int32Array(n);
  let maxFlips = 0;
  let checksum = 0;
  let isEven = true;
  let left = n;
  for (;;) {
    for (; left > 1; left--) counts[left - 1] = left;

    let top = order[0];
    if (top !== 0) {
      flipped.set(order);
      let flips = 0;
      while (top !== 0) {
        for (let low = 0, high = top; low < high; low++, high--) {
          const pancake = flipped[low];
          flipped[low] = flipped[high];
          flipped[high] = pancake;
        }
        flips++;
        top = flipped[0];
      }
      if (flips > maxFlips) maxFlips = flips;
      checksum += isEven ? flips : -flips;
    }

    isEven = !isEven;
    for (;;) {
      if (left === n) return [checksum, maxFlips];
      const front = order[0];
      for (let i = 0; i < left; i++) order[i] = order[i + 1];
      order[left] = front;
      if (--counts[left] > 0) break;
      left++;
    }
  }
}

run(10, (n) => {
  const [checksum, maxFlips] = fannkuch(n);
  console.log(String(checksum));
  console.log(`Pfannkuchen(${n}) = ${maxFlips}`);
});
