// Huffman's code for the bytes of a text: count them, make the tree, write the bits, read them back.
"use strict";
const { random, run } = require("./kernel.js");

// Kilobytes of bytes of which small ones are frequent.
function sample(kilobytes) {
  const bytes = new Uint8Array(kilobytes * 1000);
  let x = 11;
  for (let i = 0; i < bytes.length; i++) {
    x = random(x);
    bytes[i] = (((x >> 10) % 64) * ((x >> 16) % 64)) >> 5;
  }
  return bytes;
}

// The place of the tree with the least count, the first of equal ones.
function least(trees) {
  let best = 0;
  for (let i = 1; i < trees.length; i++) if (trees[i].count < trees[best].count) best = i;
  return best;
}

function taken(trees, at) {
  const tree = trees[at];
  const last = trees.pop();
  if (at < trees.length) trees[at] = last;
  return tree;
}

// A leaf has null at its left and right.
function grown(counts) {
  const trees = [];
  for (let byte = 0; byte < 256; byte++) {
    if (counts[byte] > 0) trees.push({ count: counts[byte], byte, left: null, right: null });
  }
  while (trees.length > 1) {
    const left = taken(trees, least(trees));
    const right = taken(trees, least(trees));
    trees.push({ count: left.count + right.count, byte: 0, left, right });
  }
  return trees[0];
}

function assign(tree, code, length, codes, lengths) {
  if (tree.left === null) {
    codes[tree.byte] = code;
    lengths[tree.byte] = length;
    return;
  }
  assign(tree.left, code << 1, length + 1, codes, lengths);
  assign(tree.right, (code << 1) | 1, length + 1, codes, lengths);
}

function coded(bytes, codes, lengths) {
  const out = new Uint8Array(bytes.length * 2);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const byte of bytes) {
    bits = (bits << lengths[byte]) | codes[byte];
    held += lengths[byte];
    while (held >= 8) {
      held -= 8;
      out[at++] = bits >> held;
    }
    bits &= (1 << held) - 1;
  }
  if (held > 0) out[at++] = bits << (8 - held);
  return out.subarray(0, at);
}

function decoded(packed, tree, count) {
  const out = new Uint8Array(count);
  let node = tree;
  let at = 0;
  for (let i = 0; at < count; i++) {
    for (let bit = 7; bit >= 0 && at < count; bit--) {
      node = ((packed[i] >> bit) & 1) === 0 ? node.left : node.right;
      if (node.left === null) {
        out[at++] = node.byte;
        node = tree;
      }
    }
  }
  return out;
}

function checksum(bytes) {
  let total = 0;
  for (const byte of bytes) total = (Math.imul(total, 31) + byte) | 0;
  return total >>> 0;
}

run(4000, (kilobytes) => {
  const bytes = sample(kilobytes);
  const counts = new Int32Array(256);
  for (const byte of bytes) counts[byte]++;
  const tree = grown(counts);
  const codes = new Int32Array(256);
  const lengths = new Int32Array(256);
  assign(tree, 0, 0, codes, lengths);
  const packed = coded(bytes, codes, lengths);
  const back = decoded(packed, tree, bytes.length);
  const isSame = checksum(back) === checksum(bytes);
  console.log(`${bytes.length} bytes, ${packed.length} coded, ${checksum(packed)}, ${isSame}`);
});
