// Compression by references to what came before (LZ77 with a hash table of the last places), and back; over bytes.
"use strict";
const { random, run } = require("./kernel.js");

const HASH_SIZE = 65536;
const SHORTEST = 4;
const FARTHEST = 65535;

// Bytes that grow at their end, by doubling.
class Bytes {
  at = new Uint8Array(64);
  count = 0;

  push(byte) {
    if (this.count === this.at.length) {
      const larger = new Uint8Array(2 * this.count);
      larger.set(this.at);
      this.at = larger;
    }
    this.at[this.count++] = byte;
  }
}

// Kilobytes of bytes that repeat themselves in part.
function sample(kilobytes) {
  const bytes = new Bytes();
  let x = 7;
  while (bytes.count < kilobytes * 1000) {
    x = random(x);
    if ((x >> 16) % 4 === 0 || bytes.count < 2000) {
      for (let i = 0; i < 8; i++) bytes.push((x >> (3 * i)) & 255);
    } else {
      const start = bytes.count - 1 - ((x >> 8) % 1900);
      const length = 5 + ((x >> 20) % 40);
      for (let i = 0; i < length; i++) bytes.push(bytes.at[start + i]);
    }
  }
  return bytes;
}

function hashOf(at, i) {
  const word = at[i] | (at[i + 1] << 8) | (at[i + 2] << 16) | (at[i + 3] << 24);
  return Math.imul(word, 2654435761) >>> 16;
}

// Literals as 0, byte; copies as length, distance low, distance high.
function compress(bytes) {
  const n = bytes.count;
  const all = bytes.at;
  const places = new Int32Array(HASH_SIZE).fill(-1);
  const out = new Bytes();
  for (let at = 0; at < n; ) {
    let length = 0;
    let candidate = -1;
    if (at + SHORTEST <= n) {
      const hash = hashOf(all, at);
      candidate = places[hash];
      places[hash] = at;
      if (candidate >= 0 && at - candidate <= FARTHEST) {
        while (length < 255 && at + length < n && all[candidate + length] === all[at + length]) length++;
      }
    }
    if (length >= SHORTEST) {
      const distance = at - candidate;
      out.push(length);
      out.push(distance & 255);
      out.push(distance >> 8);
      at += length;
    } else {
      out.push(0);
      out.push(all[at++]);
    }
  }
  return out;
}

function expand(packed) {
  const out = new Bytes();
  for (let at = 0; at < packed.count; ) {
    const length = packed.at[at];
    if (length === 0) {
      out.push(packed.at[at + 1]);
      at += 2;
    } else {
      const start = out.count - (packed.at[at + 1] | (packed.at[at + 2] << 8));
      for (let i = 0; i < length; i++) out.push(out.at[start + i]);
      at += 3;
    }
  }
  return out;
}

function checksum(bytes) {
  let sum = 0;
  for (let i = 0; i < bytes.count; i++) sum = (Math.imul(sum, 31) + bytes.at[i]) | 0;
  return sum >>> 0;
}

run(4000, (kilobytes) => {
  const bytes = sample(kilobytes);
  const packed = compress(bytes);
  const back = expand(packed);
  console.log(`${bytes.count} -> ${packed.count} -> ${back.count}`);
  console.log(`${checksum(packed)} ${checksum(back) === checksum(bytes)}`);
});
