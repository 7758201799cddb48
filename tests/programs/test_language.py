"""Small programs over the language: what they print, on every engine and level."""

from __future__ import annotations

import pytest

from .running import everywhere, twice

#: A sentence, the program, what it prints.
PROGRAMS = [
    ("an Int and a Float make a Float", "print(1 + 0.5, 6 / 2, 7 / 2, 2 ** 10, 2 ** -1.0)", "1.5 3 3.5 1024 0.5\n"),
    ("remainders have the sign of the dividend", "print(7 % 3, -7 % 3, 7 % -3, 5.5 % 2)", "1 -1 1 1.5\n"),
    ("Ints wrap at 64 bits", "print(9223372036854775807 + 1)", "-9223372036854775808\n"),
    ("bit operators work on 64 bits", "print(6 & 3, 6 | 3, 6 ^ 3, ~5, 1 << 40, -16 >> 2, -1 >>> 60)",
     "2 7 5 -6 1099511627776 -4 15\n"),
    ("comparison chains stop at the first false link", "print(1 < 2 < 3, 1 < 3 < 2, 1 < 2 == 2)", "true false true\n"),
    ("closures share a captured var",
     "fn c() { var n = 0; fn() { n += 1; n } }\nk = c()\nk()\nj = c()\nprint(k(), j())", "2 1\n"),
    ("closures capture immutable names by value",
     "fs = [fn() i * 10 for i in range(3)]\nprint(fs.map(fn(k) k()).join(\" \"))", "0 10 20\n"),
    ("a nested function is called before its text and captures what it needs",
     "fn f(n) { a = twice(n)\n fn twice(x) { x * k() }\n fn k() { 2 }\n a + n }\nprint(f(5))", "15\n"),
    ("defaults are evaluated per call and may use earlier parameters",
     "fn g(a, b = a + 1) { a * b }\nprint(g(3), g(3, 3))", "12 9\n"),
    ("a lambda calls itself by the name it is bound to",
     ("fact = fn(n) if n < 2 { 1 } else { n * fact(n - 1) }\nfn main() { k = 2\n pow = fn(n) { if n == 0 { 1 } else { k * pow(n - 1) } }\n"
     " print(fact(5), pow(10)) }"), "120 1024\n"),
    ("lambdas call lambdas that are bound below them",
     ("ev = fn(n) if n == 0 { true } else { od(n - 1) }\nod = fn(n) if n == 0 { false } else { ev(n - 1) }\n"
     "fn main() { up = fn(n) if n > 9 { n } else { on(n + 1) }\n on = fn(n) up(n * 2)\n print(ev(10), od(4), up(1)) }"),
     "true false 10\n"),
    ("a lambda in a var means what the var holds when it runs",
     "fn main() { var f = fn(n) { if n < 2 { 1 } else { n * f(n - 1) } }\n g = f\n f = fn(n) 7\n print(g(5)) }", "35\n"),
    ("closures made before a variable has a value share it",
     ("fn main() { fs = []\n for i in 0..3 { fs.push(fn() x)\n x = i * 2 }\n"
     " for f in fs { print(f()) } }"), "0\n2\n4\n"),
    ("labels cross inner loops",
     "o: for i in 0..3 { for j in 0..3 { if j > i { continue o }\n if i == 2 { break o }\n print(\"{i}{j}\") } }",
     "00\n10\n11\n"),
    ("for-else runs when there was no break",
     "for i in 0..2 { print(i) } else { print(\"all\") }\nfor i in 0..2 { break } else { print(\"never\") }",
     "0\n1\nall\n"),
    ("a range with a step counts down", "for i in range(10, 0, -4) { print(i) }", "10\n6\n2\n"),
    ("ranges are empty when they start behind their end", "for i in 3..1 { print(i) }\nprint(len(3..1))", "0\n"),
    ("steps beyond the largest Int end a range",
     ("fn f(a, b, s) { var n = 0\n for i in range(a, b, s) { n += 1 }\n \"{n} {len(range(a, b, s))}\" }\nleast = -9223372036854775807 - 1\n"
     "print(f(0, 9223372036854775807, 4611686018427387904), f(9223372036854775807, least, least), f(10, 0, -4))"), "2 2 2 2 3 3\n"),
    ("only whole numbers are in a range", "print(2.5 in 1..5, 2.0 in 1..5, 5 in 1..5, 5 in 1..=5)", "false true false true\n"),
    ("arrays that stay empty", "g = []\nfor x in g { print(x) }\nprint(g, g.pop(), max([]), g.map(fn(x) x + 1).join(\",\"))", "[] nil nil \n"),
    ("`when` skips elements", "for n in 1..=6 when n % 3 == 0 { print(n) }", "3\n6\n"),
    ("elements appended while iterating are visited",
     "xs = [1, 2]\nfor x in xs { if x < 4 { xs.push(x + 2) } }\nprint(xs.join(\",\"))", "1,2,3,4,5\n"),
    ("two variables over an array give index and element", "for i, v in [\"a\", \"b\"] { print(\"{i}{v}\") }", "0a\n1b\n"),
    ("strings are iterated by code points", "for c in \"añ😀\" { print(c) }\nprint(len(\"añ😀\"))", "a\nñ\n😀\n3\n"),
    ("match tries arms in order",
     "fn f(x) { match x { 0..5 => \"low\", 5..=9 => \"mid\", _ => \"high\" } }\nprint(f(4), f(9), f(10))",
     "low mid high\n"),
    ("match binds and guards",
     "fn f(x) { match x { 1 | 2 => \"few\", n if n > 100 => \"many {n}\", _ => \"some\" } }\nprint(f(2), f(101), f(50))",
     "few many 101 some\n"),
    ("match on strings with a prefix",
     "print(match \"img/cat\" { \"img/\" ++ r => r, _ => \"none\" })", "cat\n"),
    ("match on arrays",
     "print(match [1, 2] { [] => \"e\", [a] => \"1\", [1, b] => \"one {b}\", _ => \"m\" })", "one 2\n"),
    ("patterns do not fit values of other kinds",
     "print(match \"ab\" { [a, b] => 1, _ => 2 }, match 5 { \"a\" ++ r => r, [x] => x, _ => 3 }, match 5 { true => 1, false => 2 })",
     "2 3 nil\n"),
    ("patterns do not fit nil",
     ("fn f(n) { if n > 0 { n > 1 } else { nil } }\nfn t(n) { if n > 0 { \"abc\" } else { nil } }\nfn xs(n) { if n > 0 { [n] } else { nil } }\n"
     "fn g(v) { match v { true => 1, false => 2 } }\nfn h(v) { match v { \"a\" ++ r => r, _ => \"none\" } }\n"
     "fn k(v) { match v { [a] => a, _ => -1 } }\nprint(g(f(0)), g(f(2)), h(t(0)), h(t(1)), k(xs(0)), k(xs(3)))"), "nil 1 none bc -1 3\n"),
    ("no fitting arm gives nil", "x = match 5 { 1 => 10 }\nprint(x ?? 7, x == nil)", "7 true\n"),
    ("negative indexes count from the end", "xs = [1, 2, 3]\nxs[-1] = 9\nprint(xs[-1], xs[-3], \"abc\"[-1])", "9 1 c\n"),
    ("slices copy", "xs = [0, 1, 2, 3, 4]\nprint(xs[1:-1].join(\"\"), xs[::-2].join(\"\"), \"hello\"[-3:])", "123 420 llo\n"),
    ("reading out of range beside `??` gives nil", "xs = [1]\nprint(xs[5] ?? 7, xs[0] ?? 7)", "7 1\n"),
    ("arrays are shared by reference", "a = [1]\nb = a\nb.push(2)\nprint(len(a), a == b, [1] == [1])", "2 true false\n"),
    ("an array of Ints becomes one of Floats when a Float is stored",
     "xs = [1, 2]\nxs[0] = 0.5\nprint(xs.join(\" \"))", "0.5 2\n"),
    ("an empty array takes the type of what is pushed",
     "a = []\nb = []\na.push(1)\nb.push(\"x\")\nprint(a.join(\",\"), b.join(\",\"))", "1 x\n"),
    ("pipes pass the value on",
     "fn max2(a, b) { if a > b { a } else { b } }\nprint(5 |> fn(v) v + 1, 10 |> max2(_, 3), [1, 2] |> len())", "6 10 2\n"),
    ("simultaneous assignment evaluates first", "var a = 1\nvar b = 2\na, b = b, a\nprint(\"{a}{b}\")", "21\n"),
    ("array destructuring", "[h, _, ...t] = [1, 2, 3, 4]\nprint(h, t.join(\"-\"))", "1 3-4\n"),
    ("guard leaves when the condition is false",
     "fn f(x) { guard x > 0 else { return \"no\" }\n \"yes\" }\nprint(f(1), f(0))", "yes no\n"),
    ("recursion is analysed for each type it is used with",
     "fn twice(f, x) { f(f(x)) }\nprint(twice(fn(x) x + 1, 1), twice(fn(x) x + 0.5, 1), twice(fn(s) s + \"!\", \"a\"))",
     "3 2 a!!\n"),
    ("mutual recursion",
     ("fn even(n) { if n == 0 { true } else { odd(n - 1) } }\nfn odd(n) { if n == 0 { false } else { even(n - 1) } }\n"
     "print(even(10), odd(10))"), "true false\n"),
    ("a function value may come from several places",
     "fn pick(b) { if b { fn(x) x * 2 } else { fn(x) x + 0.5 } }\nprint(pick(true)(3), pick(false)(3))", "6 3.5\n"),
    ("module variables are shared by functions",
     "var n = 0\nfn tick() { n += 1 }\ntick()\ntick()\nprint(n)", "2\n"),
    ("interpolation joins arrays by commas", "print(\"{[1, 2]} {nil} {true} {1.0}\")", "1,2 nil true 1\n"),
    ("while with several variables",
     "var a = 0\nvar b = 1\nwhile a < 50 { a, b = b, a + b }\nprint(a, b)", "55 89\n"),
    ("`and` and `or` evaluate the right side on demand",
     "fn loud(x) { print(\"seen\")\n x }\nprint(false and loud(true), true or loud(false))", "false true\n"),
    ("main gets the arguments as text", "fn main(a = \"none\") { print(\"got {a}\") }", "got none\n"),
    ("loop with break", "var i = 0\nloop { i += 1\n if i == 5 { break } }\nprint(i)", "5\n"),
    ("floats print their shortest digits",
     "print(0.1 + 0.2, 3.0, 10 / 4, 1e21, 1.5e-7, -0.0, 1 / 0, 123456789012345680.0)",
     "0.30000000000000004 3 2.5 1e+21 1.5e-7 0 Infinity 123456789012345680\n"),
]  # fmt: skip


@pytest.mark.parametrize(("program", "expected"), [p[1:] for p in PROGRAMS], ids=[p[0] for p in PROGRAMS])
def test_program(program: str, expected: str) -> None:
    outcome = everywhere(program)
    assert (outcome.panic, outcome.stdout) == (None, expected)


#: A sentence, the program, the message, the line.
PANICS = [
    ("index out of range", "xs = [1, 2]\nprint(xs[2])", "index out of range", 2),
    ("a negative index beyond the start", "xs = [1, 2]\nxs[-3] = 1", "index out of range", 2),
    ("remainder by zero", "fn f(n) { 5 % n }\n\nprint(f(0))", "division by zero", 1),
    ("nil in arithmetic", "fn f(c) { if c { return 1 }\n nil }\nprint(f(false) + 1)", "unexpected nil", 3),
    ("a failed assertion", "assert(1 > 2, \"no order\")", "no order", 1),
    ("a module variable used too early", "print(f())\nx = [1]\nfn f() { x[0] }",
     "cannot access 'x' before initialization", 3),
    ("a local variable used too early by a closure", "fn main() { g = fn() x\n print(g())\n x = 5 }",
     "cannot access 'x' before initialization", 1),
    ("endless recursion in tail position", "fn f(n) { f(n + 1) }\nprint(f(0))", "stack overflow", None),
    ("endless mutual recursion", "fn f(n) { g(n + 1) }\nfn g(n) { f(n) }\nprint(f(0))", "stack overflow", None),
    ("endless recursion", "fn f(n) { 1 + f(n + 1) }\nprint(f(0))", "stack overflow", None),
]  # fmt: skip


@pytest.mark.parametrize(("program", "message", "line"), [p[1:] for p in PANICS], ids=[p[0] for p in PANICS])
def test_panic(program: str, message: str, line: int | None) -> None:
    from .running import ENGINES, execute

    for level in ("O0", "O2", "O3"):
        for engine_name in ENGINES:
            outcome = execute(program, level, engine_name)
            assert (outcome.panic, outcome.status) == (message, 1), f"{engine_name} at {level}"
            if line is not None and level == "O0":
                assert outcome.line == line, engine_name


def test_recursion_of_ten_thousand_frames_works() -> None:
    outcome = everywhere("fn f(n) { if n == 0 { 0 } else { 1 + f(n - 1) } }\nprint(f(10000))")
    assert outcome.stdout == "10000\n"


def test_exit_status_is_the_result_of_main() -> None:
    assert everywhere("fn main() { 300 }").status == 44


def test_elements_and_fields_are_exchanged() -> None:
    text = """
    fn main() {
      a = [1, 2, 3]
      a[0], a[2] = a[2], a[0]
      r = {x: 1, y: 2}
      r.x, r.y = r.y, r.x
      var k = 0
      k, a[k] = 1, 9
      print(a[0], a[1], a[2], r.x, r.y, k)
    }
    """
    assert twice(text).stdout == "9 2 1 2 1 1\n"
