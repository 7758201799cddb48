"""Declared types, records, tuples, variants and what can be done with them, on both engines."""

from __future__ import annotations

import pytest

from .running import execute

#: Without and with all passes, and both engines: the passes have tests of their own at every level.
RUNS = (("O0", "python"), ("O1", "wasm"), ("O3", "wasm"))

SHAPES = "type Shape { Circle(radius: Float), Rect(w: Float, h: Float), Unit }\n"

PROGRAMS = {
    "a record type has named, positional and mixed arguments, and fields that change": (
        (
            "type P { x: Int, y: Int }\na = P(y: 2, x: 1)\na.x += 5\nb = P(7, y: 8)\nb.y = a.x\n"
            'print("{a.x} {a.y} {b.x} {b.y}")'
        ),
        "6 2 7 6\n",
    ),
    "arguments by name are evaluated in the order in which they are written": (
        "fn say(x) { print(x)\n x }\ntype P { x: Int, y: Int }\np = P(y: say(2), x: say(1))\nprint(p.x, p.y)",
        "2\n1\n1 2\n",
    ),
    "variants are told apart and give up their fields": (
        SHAPES + "fn area(s) { match s { Circle(r) => r * 3, Rect(w, h) => w * h, Unit => 0 } }\n"
        "print(area(Circle(2)), area(Rect(2, 3)), area(Shape.Unit), Circle(4.5).radius)",
        "6 6 0 4.5\n",
    ),
    "patterns nest, stop early, and have alternatives that bind": (
        (
            "type E { Num(v: Int), Add(E, E), Mul(E, E), Neg(E) }\n"
            "fn f(e) { match e { Num(v) => v, Add(Num(0), x) | Add(x, Num(0)) => f(x), Add(a, b) => f(a) + f(b),"
            " Mul(Num(0)) => 0, Mul(a, b) => f(a) * f(b), Neg(Neg(x)) => f(x), Neg(x) => -f(x) } }\n"
            "print(f(Add(Num(0), Num(7))), f(Add(Num(8), Num(0))), f(Mul(Num(0), Num(9))), f(Neg(Neg(Num(3)))), "
            "f(Neg(Mul(Num(2), Num(5)))))"
        ),
        "7 8 0 3 -10\n",
    ),
    "a match that covers all variants has no nil in its type": (
        SHAPES + "fn f(s) { match s { Circle(_) => 1, Rect(_, _) => 2, Unit => 3 } }\nprint(f(Unit) + f(Circle(1.0)))",
        "4\n",
    ),
    "a match without a fitting arm is nil": (
        SHAPES + "fn f(s) { match s { Circle(_) => 1, Unit => 3 } }\nprint(f(Rect(1, 2)) ?? 9, f(Unit) ?? 9)",
        "9 3\n",
    ),
    "declared records are patterns too": (
        (
            "type P { x: Int, y: Int }\n"
            'fn f(p) { match p { P(0, 0) => "origin", P(x, 0) => "x {x}", P(_, y) => "y {y}" } }\n'
            "print(f(P(0, 0)), f(P(3, 0)), f(P(0, 4)))"
        ),
        "origin x 3 y 4\n",
    ),
    "constants of an alias of unknown names": (
        (
            "type Color = Red | Green | Blue\n"
            "fn next(c) { match c { Red => Green, Green => Blue, Blue => Red } }\n"
            "print(next(Red) == Green, next(Blue) == Red, Red == Blue, next(Color.Red) is Green)"
        ),
        "true true false true\n",
    ),
    "methods, functions of types, several impl blocks, defaults": (
        (
            "type V { x: Int }\nimpl V { fn of(n) { V(n) } fn add(self, o) { V(self.x + o.x) } }\n"
            "impl V { fn inc(self, by = 1) { self.x += by\n self } }\n"
            "v = V.of(2).add(V(3))\nprint(v.x, v.inc().x, v.inc(10).x)\nmake = V.of\nprint(make(9).x)"
        ),
        "5 6 16\n9\n",
    ),
    "methods of sum types, also those whose names are reserved words": (
        (
            "type T { A(x: Int), B }\nimpl T { fn get(self) { match self { A(x) => x, B => 0 } } fn or(self, "
            "d) { if self is A { self } else { d } } }\n"
            "print(A(3).get(), B.get(), B.or(A(4)).get())"
        ),
        "3 0 4\n",
    ),
    "traits give their default methods": (
        (
            'trait Named { fn name(self) -> String\n fn hello(self) { "hello {self.name()}" } }\n'
            "type Dog { n: String }\ntype Cat { n: String }\nimpl Named for Dog { fn name(self) { self.n } }\n"
            'impl Named for Cat { fn name(self) { "cat" }\n fn hello(self) { "miau" } }\n'
            'print(Dog("rex").hello(), Cat("tom").hello())'
        ),
        "hello rex miau\n",
    ),
    "constructors are values": (
        (
            'type P { x: Int }\nprint([1, 2].map(P).map(fn(p) p.x + 1).join(","), [1, '
            '2].map(Some).map(fn(o) o.unwrap()).join(","))'
        ),
        "2,3 1,2\n",
    ),
    "types of one name in different functions are different": (
        "fn f() { type T { x: Int }\n T(1).x }\nfn g() { type T { y: Int, z: Int }\n T(2, 3).z }\nprint(f(), g())",
        "1 3\n",
    ),
    "a program may have its own Option": (
        (
            "type Option { Some(v: Int), Nothing }\nprint(match Some(3) { Some(v) => v, Nothing => 0 })\n"
            "print([1].map(Some)[0].v)"
        ),
        "3\n1\n",
    ),
    "record literals: shorthand, quoted and computed keys, spread": (
        (
            'x = 1\nk = "dyn"\na = {x, "b c": 2}\nb = {...a, x: 5, y: 6}\nc = {[k]: 7, ...{z: 1}}\n'
            'print(a["b c"], b.x, b.y, c["dyn"], c.z)'
        ),
        "2 5 6 7 1\n",
    ),
    "fields are assigned deep inside": (
        "r = {a: {b: {c: 1}}, n: [{v: 2}]}\nr.a.b.c += 4\nr.n[0].v = 9\nprint(r.a.b.c, r.n[0].v)",
        "5 9\n",
    ),
    "destructuring takes what is there and defaults for the rest": (
        (
            "{a, b: k, c = 9, d} = {a: 1, b: 2}\n(p, (q, r)) = (3, (4, 5))\nprint(a, k, c, d, p, q, r)\n"
            "fn f({w, h = 2}, (x, y)) { w * h + x * y }\nprint(f({w: 3}, (4, 5)))\n"
            'for {v} in [{v: 1}, {v: 2}] { print(v) }\nfor (i, s) in [(1, "a")] { print(i, s) }'
        ),
        "1 2 9 nil 3 4 5\n26\n1\n2\n1 a\n",
    ),
    "record patterns need their fields": (
        (
            'fn f(r) { match r { {kind: "a", v} => v, {kind: "b", inner: {v}} => v, _ => 0 } }\n'
            'print(f({kind: "a", v: 3}))\nprint(f({kind: "b", inner: {v: 4}}))\nprint(f({v: 5}))'
        ),
        "3\n4\n0\n",
    ),
    "tuples: parts, patterns": (
        (
            't = (1, ("a", 2.5))\nprint(t.0, t.1.0, t.1.1)\n'
            'print(match (1, "a") { (0, _) => "zero", (n, s) if n > 0 => "{n}{s}", _ => "neg" })'
        ),
        "1 a 2.5\n1a\n",
    ),
    "dictionary comprehensions": (
        (
            'd = {w: len(w) for w in ["aa", "b"] if len(w) > 1}\nprint(keys(d).join(","), d.aa)\n'
            'e = {v: k for k, v in [("x", "p"), ("y", "q")]}\nprint(e.p, e.q)'
        ),
        "aa 2\nx y\n",
    ),
    "a failure ends the function at `?`": (
        (
            'fn s(t) { n = toInt(t)\n if n == nil { Err("bad {t}") } else { Ok(n) } }\n'
            'fn u(t) { Ok(s(t)? + 1) }\nprint(u("4").unwrap(), u("x").unwrapErr())\n'
            "fn first(xs) { v = (if len(xs) > 0 { Some(xs[0]) } else { None })?\n Some(v * 2) }\n"
            "print(first([4]).unwrap(), first(filter([1], fn(x) x > 1)).isNone(), 3? + 1)"
        ),
        "5 bad x\n8 true 4\n",
    ),
    "Option and Result have their methods": (
        (
            "print(Some(3).filter(fn(v) v > 5).isNone(), Ok(2).map(fn(v) v * 2).unwrap(), None.unwrapOr(7))\n"
            'print(Some(2).flatMap(fn(v) Some(v + 1)).unwrap(), Ok(1).andThen(fn(v) Err("e{v}")).unwrapErr())\n'
            'print(Err("low").context("high").unwrapErr(), Err(2).mapErr(fn(e) e + 1).unwrapErr(), '
            "Ok(1).or(Ok(2)).unwrap())\n"
            "print(None.or(Some(4)).unwrap(), Some(1).and(Some(5)).unwrap(), Ok(1).isOk(), Err(1).isOk(), "
            "Some(1).isSome())\n"
            'print(Ok(6).value, Err(7).error, Some(8).value, filterOk([Ok(1), Err(2), Ok(3)]).join(","))'
        ),
        "true 4 7\n3 e1\nhigh → caused by: low 3 1\n4 5 true false true\n6 7 8 1,3\n",
    ),
    "`?.` stops the whole chain at nil": (
        (
            "type N { v: Int }\nimpl N { fn get(self) { self.v } }\n"
            "fn f(r) { r?.a.b }\nfn g(n) { n?.get() ?? -1 }\nfn opt(x) { if x > 0 { N(x) } else { nil } }\n"
            "print(f({a: {b: 3}}), f(nil) ?? 0, g(opt(2)), g(opt(0)))"
        ),
        "3 0 2 -1\n",
    ),
    "named arguments of functions are one record": (
        "fn h({w, t = 2}) { w * t }\nfn k(a, o) { a + o.b }\nprint(h(w: 5), h({w: 5, t: 3}), k(1, b: 2))",
        "10 15 3\n",
    ),
    "spread arguments and rest parameters": (
        (
            "fn f(a, b, c = 10) { a * 100 + b * 10 + c }\nfn r(a, ...xs) { a + sum(xs) }\nxs = [1, 2]\n"
            "print(f(...xs), f(...xs, 5), f(3, ...xs), r(1), r(1, 2, 3), r(...[4, 5, 6]), r(1, ...xs, 7))"
        ),
        "130 125 312 1 6 15 11\n",
    ),
    "tests refine variables": (
        (
            "type Id = Int | String\n"
            'fn f(x) { if x is String and len(x) > 1 { x + "!" } elif x is String { "s" } else { "{x + 1}" } }\n'
            "fn g(x: Id) { guard x is Int else { return 0 }\n x + 1 }\n"
            "fn m(r) { if r == nil or r.v == 0 { 0 } else { r.v } }\nfn k(x) { match x { nil => 0, v => v + 1 } }\n"
            'for i in ["ab", "c", 2] { print(f(i), g(i)) }\nprint(m({v: 2}), m(nil), k(toInt("4")), k(toInt("x")))'
        ),
        "ab! 0\ns 0\n3 3\n2 0 5 0\n",
    ),
    "derived functions": (
        (
            "type T { x: Int, n: String, f: [Float], o: Int | Nil } derive [Eq, Show, JSON]\n"
            'a = T(1, "q", [1.5], nil)\nprint(T.__eq(a, T(1, "q", a.f, nil)), a == T(2, "q", a.f, nil))\n'
            'print(T.toJSON(a))\nprint(T.__show(T(2, "z", [], 3)))\n'
            'b = T.fromJSON(\'{"x": 5, "n": "z", "f": [1, 2.5], "o": 3}\')\n'
            'print(b.x + 1, b.n, b.f.join(","), b.o, T.fromJSON(T.toJSON(a)).x)'
        ),
        'true false\n{"x":1,"n":"q","f":[1.5],"o":null}\nT(x: 2, n: "z", f: [], o: 3)\n6 z 1,2.5 3 1\n',
    ),
    "aliases vanish": (
        (
            "type Pair<A> = (A, A)\ntype Ints = [Int]\nfn f(p: Pair<Int>, xs: Ints) -> Int { p.0 + p.1 + sum(xs) }\n"
            "print(f((1, 2), [3]))"
        ),
        "6\n",
    ),
    "methods and constructors use module variables": (
        (
            "type T { x: Int }\nvar made = 0\nimpl T { fn new(n) { made += 1\n T(n) } fn bump(self) { made += self.x } }\n"
            "T.new(4).bump()\nprint(made)"
        ),
        "5\n",
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name: str) -> None:
    text, expected = PROGRAMS[name]
    for level, engine_name in RUNS:
        outcome = execute(text, level, engine_name)
        assert (outcome.stdout, outcome.panic) == (expected, None), f"{engine_name} at {level}"


PANICS = {
    "unwrap of Err": ('Err("no").unwrap()', "Called unwrap on Err: no"),
    "unwrap of None": ("None.unwrap()", "Called unwrap on None"),
    "expect": ('None.expect("wanted")', "wanted"),
    "unwrapErr of Ok": ("Ok(1).unwrapErr()", "Called unwrapErr on Ok"),
    "a failure at the top level": ('fn f() { Err("broken") }\nf()?', "broken"),
    "flatMap has to give an Option": (
        "Some(1).flatMap(fn(x) x)",
        "the function given to flatMap must return an Option",
    ),
    "fromJSON of another type": (
        "type T { x: Int } derive [JSON]\nT.fromJSON('{\"x\": 1.5}')",
        "fromJSON: an Int is expected",
    ),
    "too few spread arguments": ("fn f(a, b) { a + b }\nxs = [1]\nf(...xs)", "'f' takes 2 arguments"),
}


@pytest.mark.parametrize("name", PANICS)
def test_panics(name: str) -> None:
    text, message = PANICS[name]
    assert execute(text, "O2", "wasm").panic == message
    assert execute(text, "O0", "python").panic == message
