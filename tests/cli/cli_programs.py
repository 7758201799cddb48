"""Small programs for tests of the command line. They need nothing of the standard library."""

from __future__ import annotations

RETURNS_55 = "fn fib(n) { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }\nfn main() { fib(10) }\n"
DIVIDES_BY_ZERO = "fn f(n) {\n  10 % n\n}\nfn main() { f(0) }\n"
RUNS_FOREVER = "fn main() {\n  var n = 1\n  while n != 0 { n = n + 2 }\n  n\n}\n"
HAS_TWO_ERRORS = "fn main() {\n  a = missing_one\n  b = missing_two\n  0\n}\n"
