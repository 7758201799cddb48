// The sieve of Eratosthenes.
"use strict";
const { run } = require("./kernel.js");

function countPrimes(limit) {
  const isPrime = new Uint8Array(limit + 1).fill(1);
  let found = 0;
  for (let n = 2; n <= limit; n++) {
    if (isPrime[n]) {
      found++;
      for (let multiple = n * n; multiple <= limit; multiple += n) isPrime[multiple] = 0;
    }
  }
  return found;
}

run(10000000, (limit) => console.log(`${countPrimes(limit)} primes up to ${limit}`));
