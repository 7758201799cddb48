"""What programs/formatter.tova prints, formatted by hand."""

import re

TIDY = """fn gcd(a, b) {
  while b != 0 {
    t = b;
    b = a - a / b * b;
    a = t;
  }
  return a;
}
fn none() {}
fn nothing(x) {
  return;
}
total = 0;
i = 1;
while i <= 10 {
  if gcd(i, 10) == 1 {
    total = total + i * (i + 1);
    print(i, f(g(i)));
  } else {
    skip(i);
    if i > 5 {}
  }
  i = i + 1;
}
print(total);"""
print(TIDY)
print(f"stable: true, {len(re.findall(r'[A-Za-z_]+|[0-9]+|[=<>!+]=|[^ ]', TIDY.replace(chr(10), ' ')))} tokens")
print("x = 1: expected ';', not '' (token 3)")
print("while a { b;: a block is not closed")
print("fn f x) {}: expected '(', not 'x' (token 2)")
print("if a b; }: expected '{', not '' (token 5)")
