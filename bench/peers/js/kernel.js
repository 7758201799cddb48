// What every JavaScript peer is run by: the size comes from the command line, and with BENCH=1 in the environment the
// nanoseconds that the kernel took, without the start of the process, go to stderr.
"use strict";

// Calls body with the first argument as a number, or with usual when there is none.
exports.run = (usual, body) => {
  const size = process.argv.length > 2 ? Number(process.argv[2]) : usual;
  timed(() => body(size));
};

// Calls body with the first argument as the path of a file.
exports.runFile = (body) => timed(() => body(process.argv[2]));

// The next of a row of numbers below 2 ** 31 that only look random.
exports.random = (x) => (Math.imul(x, 1103515245) + 12345) & 0x7fffffff;

function timed(body) {
  const start = process.hrtime.bigint();
  body();
  const elapsed = process.hrtime.bigint() - start;
  if (process.env.BENCH) process.stderr.write(`${elapsed}\n`);
}
