"""`try`, `catch`, `finally`, `defer`, `with`: what runs on which way, on every engine and level."""

from __future__ import annotations

import pytest

from .running import ENGINES, everywhere, execute

#: A sentence, the program, what it prints.
PROGRAMS = [
    ("a panic is caught with its message",
     "fn f(n) { assert(n > 0, \"not {n}\")\n n }\ntry { print(f(1))\n print(f(-1))\n print(\"never\") } catch e { print(e.message) }",
     "1\nnot -1\n"),
    ("checks of the language are caught",
     ("fn f(xs, i, d) { xs[i] % d }\nfn t(i, d) { try { return f([7, 8], i, d) } catch e { print(e.message)\n return -1 } }\n"
     "print(t(0, 4), t(5, 1), t(0, 0))"), "index out of range\ndivision by zero\n3 -1 -1\n"),
    ("nil where there must be a value is caught",
     "fn f(c) { if c { 1 } else { nil } }\ntry { print(f(true) + 1, f(false) + 1) } catch e { print(e.message) }",
     "unexpected nil\n"),
    ("`catch` without a name", "try { assert(false) } catch { print(\"caught\") }", "caught\n"),
    ("the end of the body is reached without a panic", "try { print(1) } catch e { print(e.message) } finally { print(2) }\nprint(3)",
     "1\n2\n3\n"),
    ("`finally` runs before a result is given back, which was computed before",
     "fn t() { var n = 1\n try { return n } finally { n = 5\n print(\"fin\") } }\nprint(t())", "fin\n1\n"),
    ("a return in `finally` wins", "fn t() { try { return 1 } finally { return 2 } }\nprint(t())", "2\n"),
    ("`break` and `continue` run `finally`, and may mean outer loops",
     ("o: for i in 0..4 { for j in 0..4 { try { if j == 1 { continue o }\n if i == 2 { break o }\n print(i, j) } finally { print(\"f\") } } }"),
     "0 0\nf\nf\n1 0\nf\nf\nf\n"),
    ("a break of a loop inside of the body stays there",
     "try { for i in 0..9 { if i == 2 { break }\n print(i) }\n print(\"on\") } finally { print(\"f\") }", "0\n1\non\nf\n"),
    ("variables that the body assigns keep what they were assigned before the panic",
     "fn f() { var n = 0\n var s = \"\"\n try { n = 1\n s += \"a\"\n assert(false)\n n = 2 } catch { s += \"b\" }\n print(n, s) }\nf()",
     "1 ab\n"),
    ("names of the body are its own", "x = 1\ntry { y = x + 1\n print(y) } finally { y = \"text\"\n print(y) }", "2\ntext\n"),
    ("a panic in `catch` goes on after `finally`",
     ("fn f() { try { assert(false, \"one\") } catch e { assert(false, e.message + \" two\") } finally { print(\"fin\") } }\n"
     "try { f() } catch e { print(e.message) }"), "fin\none two\n"),
    ("a panic in `finally` replaces the first",
     "fn f() { try { assert(false, \"one\") } finally { assert(false, \"two\") } }\ntry { f() } catch e { print(e.message) }",
     "two\n"),
    ("a panic inside of a `finally` that is caught there does not disturb the one that goes on",
     ("fn f() { try { assert(false, \"outer\") } finally { try { assert(false, \"inner\") } catch e { print(e.message) } } }\n"
     "try { f() } catch e { print(e.message) }"), "inner\nouter\n"),
    ("nested tries: the inner one catches",
     ("try { try { assert(false, \"a\") } catch e { print(\"inner\", e.message) }\n assert(false, \"b\") } "
     "catch e { print(\"outer\", e.message) }"), "inner a\nouter b\n"),
    ("recursion through try",
     ("fn f(n) { try { if n == 0 { assert(false, \"deep\") }\n f(n - 1) } finally { print(n) } }\n"
     "try { f(3) } catch e { print(e.message) }"), "0\n1\n2\n3\ndeep\n"),
    ("panics pass through closures and library functions",
     ("fn check(x) { assert(x < 3, \"too large: {x}\")\n x }\n"
     "try { print([1, 2, 3].map(fn(x) check(x)).join(\",\")) } catch e { print(e.message) }\n"
     "print([1, 2].map(fn(x) check(x)).join(\",\"))"), "too large: 3\n1,2\n"),
    ("a function value that may be one of several",
     ("fn pick(b) { if b { fn(x) { assert(false, \"first\")\n x } } else { fn(x) x * 2 } }\n"
     "fn t(b) { try { return pick(b)(4) } catch e { print(e.message) }\n -1 }\nprint(t(true), t(false))"), "first\n-1 8\n"),
    ("a closure made in the body outlives it",
     "fn f() { var g = fn() 0\n try { n = 41\n g = fn() n + 1\n assert(false) } catch { print(\"c\") }\n g() }\nprint(f())", "c\n42\n"),
    ("a function declared in the body", "fn f(k) { try { fn g(x) { x * k }\n return g(3) } finally { print(\"f\") } }\nprint(f(5))", "f\n15\n"),
    ("a function that is called before its text and caught",
     "fn f() { try { return g(0) } catch e { return e.message } }\nfn g(n) { assert(n > 0, \"g\")\n \"ok\" }\nprint(f())", "g\n"),
    ("a body that always leaves", "fn f(n) { while true { try { if n > 2 { return n }\n n2 = n + 1\n return f(n2) } finally { print(n) } } }\nprint(f(0))",
     "3\n2\n1\n0\n3\n"),
    ("assignments to a module variable", "var n = 0\nfn up() { n += 1\n assert(n < 3, \"full\") }\nfor i in 0..4 { try { up() } catch e { print(n, e.message) } }",
     "3 full\n4 full\n"),
    ("a caught panic leaves nothing behind", "for i in 0..3 { try { assert(i != 1, \"i is {i}\")\n print(i) } catch e { print(e.message) } }",
     "0\ni is 1\n2\n"),
    ("`defer` runs at the end, the last first, after the result was computed",
     "fn d() { var n = 1\n defer print(\"d1\")\n defer { n = 9\n print(\"d2\") }\n print(\"body\")\n n }\nprint(d())", "body\nd2\nd1\n1\n"),
    ("`defer` in inner blocks and loops",
     "fn d(n) { for i in 0..n { if i != 1 { defer print(i) } }\n print(\"body\") }\nd(4)", "body\n3\n2\n0\n"),
    ("`defer` runs when the function panics",
     "fn d() { defer print(\"d1\")\n assert(false, \"p\")\n defer print(\"never\") }\ntry { d() } catch e { print(e.message) }", "d1\np\n"),
    ("`defer` runs on an early return", "fn d(n) { defer print(\"d\")\n if n > 0 { return \"early\" }\n \"late\" }\nprint(d(1), d(0))", "d\nd\nearly late\n"),
    ("all that was deferred runs, even if some of it panics",
     "fn d() { defer print(\"d1\")\n defer assert(false, \"in defer\")\n defer print(\"d3\") }\ntry { d() } catch e { print(e.message) }",
     "d3\nd1\nin defer\n"),
    ("`defer` inside a `try` belongs to the function",
     "fn d() { try { defer print(\"d\")\n print(\"t\") } finally { print(\"f\") }\n print(\"end\") }\nd()", "t\nf\nend\nd\n"),
    ("`defer` at top level runs at the end of the program", "defer print(\"last\")\nprint(\"first\")\nfn main() { print(\"main\") }", "first\nmain\nlast\n"),
    ("a function with defaults that defers", "fn d(a, b = a + 1) { defer print(\"d{b}\")\n a * b }\nprint(d(2), d(2, 5))", "d3\nd5\n6 10\n"),
    ("a lambda that defers", "f = fn(x) { defer print(\"d\")\n x + 1 }\nprint(f(1))", "d\n2\n"),
    ("`with` calls close at its end",
     ("fn open(name) { {name: name, close: fn() print(\"close {name}\")} }\nfn f() { with open(\"a\") as r { print(r.name)\n return 7 } }\nprint(f())"),
     "a\nclose a\n7\n"),
    ("`with` closes on a panic, methods count too, and dispose when there is no close",
     ("type R { n: Int }\nimpl R { fn dispose(self) { print(\"dispose {self.n}\") } }\n"
     "try { with R(3) as r { assert(r.n > 5, \"small\") } } catch e { print(e.message) }"), "dispose 3\nsmall\n"),
    ("`with` a value without close", "with [1, 2] as xs { print(len(xs)) }", "2\n"),
]  # fmt: skip


@pytest.mark.parametrize(("program", "expected"), [p[1:] for p in PROGRAMS], ids=[p[0] for p in PROGRAMS])
def test_program(program: str, expected: str) -> None:
    outcome = everywhere(program)
    assert (outcome.panic, outcome.stdout) == (None, expected)


#: A sentence, the program, what it prints before it panics, the message, the line.
PANICS = [
    ("a panic goes on after `finally`, from its first place",
     "fn f(n) {\n assert(n > 0, \"n is {n}\")\n}\ntry {\n f(0)\n} finally { print(\"fin\") }", "fin\n", "n is 0", 2),
    ("a check goes on after `finally`",
     "xs = [1]\ntry {\n print(xs[3])\n} finally { print(\"fin\") }", "fin\n", "index out of range", 3),
    ("a panic goes on after what was deferred", "fn f() {\n defer print(\"d\")\n assert(1 > 2, \"p\")\n}\nf()", "d\n", "p", 3),
    ("a panic in main runs what the top level deferred", "defer print(\"d\")\nfn main() {\n assert(1 > 2, \"p\")\n}", "d\n", "p", 3),
    ("a panic in `catch`", "try { assert(false, \"one\") } catch e {\n assert(false, \"two\") }", "", "two", 2),
]  # fmt: skip


@pytest.mark.parametrize(("program", "stdout", "message", "line"), [p[1:] for p in PANICS], ids=[p[0] for p in PANICS])
def test_panic(program: str, stdout: str, message: str, line: int) -> None:
    for level in ("O0", "O2", "O3"):
        for engine_name in ENGINES:
            outcome = execute(program, level, engine_name)
            assert (outcome.stdout, outcome.panic, outcome.status) == (stdout, message, 1), f"{engine_name} at {level}"
            if level == "O0":
                assert outcome.line == line, engine_name


def test_a_stack_overflow_is_not_caught() -> None:
    program = 'fn f(n) { 1 + f(n + 1) }\ntry { print(f(0)) } catch e { print("caught") }'
    assert execute(program).panic == "stack overflow"


def test_exit_is_not_caught() -> None:
    outcome = everywhere('try { exit(3) } catch e { print("caught") } finally { print("fin") }')
    assert (outcome.status, outcome.stdout) == (3, "")
