"""The parser: each construct has its tree, each mistake its message, and nothing makes it fail otherwise."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wasmlathe.diagnostics import MAX_ERRORS, Diagnostics, SourceFile, render_all
from wasmlathe.frontend.tova import syntax
from wasmlathe.frontend.tova.parser import MAX_TREE_DEPTH, parse
from wasmlathe.frontend.tova.parser_core import MAX_CHAIN, MAX_NESTING
from wasmlathe.frontend.tova.syntax import Node, Program, children, dump
from wasmlathe.frontend.tova.tokens import FIXED

ONE_LINERS = (Path(__file__).parent / "one_liners.txt").read_text(encoding="utf-8").splitlines()


def tree(text: str) -> str:
    """The dump of the statements of a program without errors, one per line."""
    diagnostics = Diagnostics()
    program = parse(SourceFile("t.tova", text), diagnostics)
    assert not diagnostics.items, render_all(diagnostics.items)
    return "\n".join(dump(statement) for statement in program.statements)


def errors(text: str) -> str:
    """Code, place and message of the errors of a program, one per line."""
    diagnostics = Diagnostics()
    parse(SourceFile("t.tova", text), diagnostics)
    return "\n".join(f"{d.code} {str(d.span).partition(':')[2]} {d.message}" for d in diagnostics.sorted())


def hint(text: str) -> str | None:
    """The hint of the first error of a program."""
    diagnostics = Diagnostics()
    parse(SourceFile("t.tova", text), diagnostics)
    return diagnostics.sorted()[0].hint


def check(table: str) -> None:
    """Lines `source  =>  tree`; ` ; ` in a source is a line break."""
    for line in inspect.cleandoc(table).splitlines():
        source, _, expected = line.partition("  =>  ")
        assert tree(source.strip().replace(" ; ", "\n")) == expected.strip().replace(" ; ", "\n"), source


# --- expressions ------------------------------------------------------------------------------------------------------


def test_literals() -> None:
    check(r"""
        42                 =>  42
        -42                =>  -42
        1.5                =>  1.5
        -1e3               =>  -1000.0
        -9223372036854775808  =>  -9223372036854775808
        "a"                =>  (StrLit 'a')
        "a{x + 1}b"        =>  (Template ['a' (Binary + x 1) 'b'])
        "{x}"              =>  (Template [x])
        true               =>  (BoolLit true)
        nil                =>  (NilLit)
        x = /a+/gi         =>  (Assign [x] - [(RegexLit 'a+' gi)])
        [1, ...xs, 2,]     =>  (ArrayLit [1 (Spread xs) 2])
        []                 =>  (ArrayLit)
        (1, 2)             =>  (TupleLit [1 2])
        (1,)               =>  (TupleLit [1])
        (1)                =>  1
        x = {}             =>  (Assign [x] - [(RecordLit)])
        {a: 1, b}          =>  (RecordLit [(Property a 1) (Property b b)])
        {"a b": 1, 2: 3}   =>  (RecordLit [(Property a b 1) (Property 2 3)])
        {[k]: 1, ...r}     =>  (RecordLit [(Property k 1) (Spread r)])
        {"{x}": 1}         =>  (RecordLit [(Property (Template [x]) 1)])
        {type: 1}          =>  (RecordLit [(Property type 1)])
    """)


def test_comprehensions() -> None:
    check("""
        [x * 2 for x in xs]              =>  (ArrayComp (Binary * x 2) [(ForClause [x] xs)])
        [x for x in xs if x > 1]         =>  (ArrayComp x [(ForClause [x] xs (Binary > x 1))])
        [a for k, a in m]                =>  (ArrayComp a [(ForClause [k a] m)])
        [a for x in y for a in x]        =>  (ArrayComp a [(ForClause [x] y) (ForClause [a] x)])
        {w: len(w) for w in ws}          =>  (RecordComp w (Call len [w]) [(ForClause [w] ws)])
        {f(k): v for k, v in m if v}     =>  (RecordComp (Call f [k]) v [(ForClause [k v] m v)])
        {"{k}": v for k, v in m}         =>  (RecordComp (Template [k]) v [(ForClause [k v] m)])
    """)


def test_precedence() -> None:
    check("""
        a + b * c          =>  (Binary + a (Binary * b c))
        a - b - c          =>  (Binary - (Binary - a b) c)
        -2 ** 2            =>  (Binary ** -2 2)
        -x ** 2            =>  (Binary ** (Unary - x) 2)
        2 ** 3 ** 2        =>  (Binary ** 2 (Binary ** 3 2))
        2 ** -1            =>  (Binary ** 2 -1)
        -x.y               =>  (Unary - (Member x y))
        not x == 3         =>  (Unary not (Binary == x 3))
        !x && y || z       =>  (Logical or (Logical and (Unary not x) y) z)
        not a in b         =>  (Unary not (Membership a b))
        a == !b            =>  (Binary == a (Unary not b))
        a and b or c and d  =>  (Logical or (Logical and a b) (Logical and c d))
        a ?? b or c        =>  (Coalesce a (Logical or b c))
        6 & 3 == 3         =>  (Binary & 6 (Binary == 3 3))
        a | b ^ c & d      =>  (Binary | a (Binary ^ b (Binary & c d)))
        ~0 & 255           =>  (Binary & (Unary ~ 0) 255)
        ~x + 1             =>  (Binary + (Unary ~ x) 1)
        a << 1 + 2         =>  (Binary << a (Binary + 1 2))
        a >>> b >> c       =>  (Binary >> (Binary >>> a b) c)
        a == b in c        =>  (Binary == a (Membership b c))
        0..n + 1           =>  (Range 0 (Binary + n 1))
        i in 0..=9         =>  (Membership i (Range 0 9 inclusive))
        a < b              =>  (Binary < a b)
        a < b <= c         =>  (CompareChain [a b c] [< <=])
        a == b != c + 1    =>  (CompareChain [a b (Binary + c 1)] [== !=])
        x is String        =>  (TypeTest x - String)
        x is not nil       =>  (TypeTest x - Nil negated)
        x is Shape.Circle and y  =>  (Logical and (TypeTest x Shape Circle) y)
        a not in b         =>  (Membership a b negated)
        await f() + 1      =>  (Binary + (Await (Call f)) 1)
        a < MAX            =>  (Binary < a MAX)
        ok = a < b ; c = 1  =>  (Assign [ok] - [(Binary < a b)]) ; (Assign [c] - [1])
    """)


def test_postfix() -> None:
    check("""
        a.b.c              =>  (Member (Member a b) c)
        a?.b               =>  (Member a b optional)
        a.type             =>  (Member a type)
        a.b(1)             =>  (MethodCall a b [1])
        a?.b()             =>  (MethodCall a b [] optional)
        f(1)(2)            =>  (Call (Call f [1]) [2])
        f(a: 1, ...b, c,)  =>  (Call f [(NamedArg a 1) (Spread b) c])
        a.0.1              =>  (TupleField (TupleField a 0) 1)
        a[1]               =>  (Index a 1)
        a[1:2]             =>  (Slice a 1 2)
        a[:]               =>  (Slice a)
        a[::-1]            =>  (Slice a - - -1)
        a[x + 1:-2:3]      =>  (Slice a (Binary + x 1) -2 3)
        a[1:]              =>  (Slice a 1)
        s(t)? + 1          =>  (Binary + (Propagate (Call s [t])) 1)
        (fn(x) x * 3)(4)   =>  (Call (Lambda [(Param x)] - (Block [(Binary * x 3)])) [4])
        5.foo()            =>  (MethodCall 5 foo)
    """)


def test_pipes_have_explicit_placeholders() -> None:
    check("""
        x |> f             =>  (Pipe x (Call f [(Placeholder)]))
        x |> f(1)          =>  (Pipe x (Call f [(Placeholder) 1]))
        x |> f(1, _)       =>  (Pipe x (Call f [1 (Placeholder)]))
        x |> f(_, g(_))    =>  (Pipe x (Call f [(Placeholder) (Call g [(Placeholder)])]))
        x |> .m(1)         =>  (Pipe x (MethodCall (Placeholder) m [1]))
        x |> .m().n        =>  (Pipe x (Member (MethodCall (Placeholder) m) n))
        x |> o.m           =>  (Pipe x (MethodCall o m [(Placeholder)]))
        x |> f()?          =>  (Pipe x (Propagate (Call f [(Placeholder)])))
        x |> f |> g        =>  (Pipe (Pipe x (Call f [(Placeholder)])) (Call g [(Placeholder)]))
        x ; |> f           =>  (Pipe x (Call f [(Placeholder)]))
        5 |> fn(v) v + 1   =>  (Pipe 5 (Call (Lambda [(Param v)] - (Block [(Binary + v 1)])) [(Placeholder)]))
        x |> f(y |> g(_))  =>  (Pipe x (Call f [(Placeholder) (Pipe y (Call g [(Placeholder)]))]))
    """)


def test_it_makes_the_argument_a_lambda() -> None:
    check("""
        f(it * 2)          =>  (Call f [(Lambda [(Param it)] - (Block [(Binary * it 2)]) implicit)])
        f(it)              =>  (Call f [it])
        f(g(it))           =>  (Call f [(Lambda [(Param it)] - (Block [(Call g [it])]) implicit)])
        f(g(it + 1))       =>  (Call f [(Call g [(Lambda [(Param it)] - (Block [(Binary + it 1)]) implicit)])])
        f("{it}")          =>  (Call f [(Lambda [(Param it)] - (Block [(Template [it])]) implicit)])
        f(a: it.b)         =>  (Call f [(NamedArg a (Lambda [(Param it)] - (Block [(Member it b)]) implicit))])
        f(fn(v) v + it)    =>  (Call f [(Lambda [(Param v)] - (Block [(Binary + v it)]))])
        f(it, it > 1)      =>  (Call f [it (Lambda [(Param it)] - (Block [(Binary > it 1)]) implicit)])
        x = it + 1         =>  (Assign [x] - [(Binary + it 1)])
    """)


def test_lambdas() -> None:
    check("""
        f = fn() 1              =>  (Assign [f] - [(Lambda [] - (Block [1]))])
        f = fn(a, b = 2) { a }  =>  (Assign [f] - [(Lambda [(Param a) (Param b - 2)] - (Block [a]))])
        f = fn(x: Int) -> Int x  =>  (Assign [f] - [(Lambda [(Param x (NamedType Int))] (NamedType Int) (Block [x]))])
        x => x + 1              =>  (Lambda [(Param x)] - (Block [(Binary + x 1)]))
        x -> x                  =>  (Lambda [(Param x)] - (Block [x]))
        _ => 1                  =>  (Lambda [(Param (WildcardPattern))] - (Block [1]))
        (a, b) => { a }         =>  (Lambda [(Param a) (Param b)] - (Block [a]))
        () => ({a: 1})          =>  (Lambda [] - (Block [(RecordLit [(Property a 1)])]))
        (a, (b)) -> b           =>  (Lambda [(Param a) (Param (TuplePattern [b]))] - (Block [b]))
        fn(x) acc += x          =>  (Lambda [(Param x)] - (Block [(CompoundAssign + acc x)]))
        async fn(x) await x     =>  (Lambda [(Param x)] - (Block [(Await x)]) async)
        fn() { yield 1 }        =>  (Lambda [] - (Block [(Yield 1)]) generator)
        fn() fn() { yield 1 }   =>  (Lambda [] - (Block [(Lambda [] - (Block [(Yield 1)]) generator)]))
    """)


def test_if_and_match_are_values() -> None:
    check("""
        x = if a { 1 } else { 2 }  =>  (Assign [x] - [(If [(Branch a (Block [1]))] (Block [2]))])
        if a { 1 } elif b { 2 } else if c { 3 } else { 4 }  =>  (If [(Branch a (Block [1])) (Branch b (Block [2])) (Branch c (Block [3]))] (Block [4]))
        if a { 1 } ; else { 2 }    =>  (If [(Branch a (Block [1]))] (Block [2]))
        match x { 1 => a, _ => { b } }  =>  (Match x [(Arm (LiteralPattern 1) - (Block [a])) (Arm (WildcardPattern) - (Block [b]))])
        match x { n if n > MAX => n }   =>  (Match x [(Arm n (Binary > n MAX) (Block [n]))])
        match x { n if (n) => n }       =>  (Match x [(Arm n n (Block [n]))])
        match x { 1 => return ; 2 => break, 3 => y += 1 }  =>  (Match x [(Arm (LiteralPattern 1) - (Block [(Return)])) (Arm (LiteralPattern 2) - (Block [(Break)])) (Arm (LiteralPattern 3) - (Block [(CompoundAssign + y 1)]))])
        match x { 1 => a ; -1 => b }    =>  (Match x [(Arm (LiteralPattern 1) - (Block [a])) (Arm (LiteralPattern -1) - (Block [b]))])
        match x { 1 => a } |> f         =>  (Pipe (Match x [(Arm (LiteralPattern 1) - (Block [a]))]) (Call f [(Placeholder)]))
    """)


def test_patterns() -> None:
    cases = {
        "_": "(WildcardPattern)",
        "n": "n",
        "-1.5": "(LiteralPattern -1.5)",
        "true": "(LiteralPattern (BoolLit true))",
        "nil": "(LiteralPattern (NilLit))",
        '"a"': "(LiteralPattern (StrLit 'a'))",
        "-5..-1": "(RangePattern -5 -1)",
        "0..=9": "(RangePattern 0 9 inclusive)",
        '"a" ++ r': "(PrefixPattern 'a' r)",
        '"a" ++ _': "(PrefixPattern 'a' (WildcardPattern))",
        "None": "(VariantPattern - None)",
        "Some(x)": "(VariantPattern - Some [x])",
        "some(_, 1)": "(VariantPattern - some [(WildcardPattern) (LiteralPattern 1)])",
        "Shape.Unit": "(VariantPattern Shape Unit)",
        "[]": "(ArrayPattern)",
        "[a, [b]]": "(ArrayPattern [a (ArrayPattern [b])])",
        "[a, ...r]": "(ArrayPattern [a] r)",
        "[...]": "(ArrayPattern [] (WildcardPattern))",
        "(a, B(c))": "(TuplePattern [a (VariantPattern - B [c])])",
        "{a, b: 1}": "(RecordPattern [(FieldPattern a a) (FieldPattern b (LiteralPattern 1))])",
        "{type: t}": "(RecordPattern [(FieldPattern type t)])",
        "1 | 2 | X": "(OrPattern [(LiteralPattern 1) (LiteralPattern 2) (VariantPattern - X)])",
    }
    for source, expected in cases.items():
        assert tree(f"match x {{ {source} => 0 }}") == f"(Match x [(Arm {expected} - (Block [0]))])", source


# --- statements -------------------------------------------------------------------------------------------------------


def test_bindings_and_assignments() -> None:
    check("""
        x = 1              =>  (Assign [x] - [1])
        x: Int = 1         =>  (Assign [x] (NamedType Int) [1])
        a, b = b, a        =>  (Assign [a b] - [b a])
        a[i], a[j] = 1, 2  =>  (Assign [(Index a i) (Index a j)] - [1 2])
        _ = f()            =>  (Assign [(Placeholder)] - [(Call f)])
        a, _ = 1, 2        =>  (Assign [a (Placeholder)] - [1 2])
        a.b = 1            =>  (Assign [(Member a b)] - [1])
        a.0 = 1            =>  (Assign [(TupleField a 0)] - [1])
        var x = 1          =>  (VarDecl [x] [-] [1])
        var x: [Int], y = a, b  =>  (VarDecl [x y] [(ArrayType (NamedType Int)) -] [a b])
        a[i] += 1          =>  (CompoundAssign + (Index a i) 1)
        [a, _, ...r] = xs  =>  (Destructure (ArrayPattern [a (WildcardPattern)] r) xs)
        (a, (b, c)) = t    =>  (Destructure (TuplePattern [a (TuplePattern [b c])]) t)
        {a, b: c, d = 1} = r  =>  (Destructure (RecordPattern [(FieldPattern a a) (FieldPattern b c) (FieldPattern d d 1)]) r)
        {a: {b}} = r       =>  (Destructure (RecordPattern [(FieldPattern a (RecordPattern [(FieldPattern b b)]))]) r)
    """)
    for op in ["+", "-", "*", "/", "%", "**", "&", "|", "^", "<<", ">>"]:
        assert tree(f"x {op}= 2") == f"(CompoundAssign {op} x 2)"


def test_loops_and_jumps() -> None:
    check("""
        for x in xs { }            =>  (For - [x] xs - (Block))
        for i, x in xs when x { }  =>  (For - [i x] xs x (Block))
        for [a, b] in xs { }       =>  (For - [(ArrayPattern [a b])] xs - (Block))
        for {a, b} in xs { } else { 1 }  =>  (For - [(RecordPattern [(FieldPattern a a) (FieldPattern b b)])] xs - (Block) (Block [1]))
        o: for x in xs { continue o }  =>  (For o [x] xs - (Block [(Continue o)]))
        o: while c { break o }     =>  (While o c (Block [(Break o)]))
        o: loop { break }          =>  (Loop o (Block [(Break)]))
        async for x in ch { }      =>  (For - async [x] ch - (Block))
        return ; 1                 =>  (Return) ; 1
        return 1                   =>  (Return 1)
        break ; x                  =>  (Break) ; x
    """)


def test_other_statements() -> None:
    check("""
        guard a else { return }    =>  (Guard a (Block [(Return)]))
        defer f()                  =>  (Defer (Block [(Call f)]))
        defer { x = 1 }            =>  (Defer (Block [(Assign [x] - [1])]))
        with f() as x { }          =>  (With (Call f) x (Block))
        try { 1 } catch e { 2 } finally { 3 }  =>  (Try (Block [1]) e (Block [2]) (Block [3]))
        try { } catch { }          =>  (Try (Block) - (Block))
        try { } finally { }        =>  (Try (Block) - - (Block))
        concurrent { a = spawn f(1) }  =>  (Concurrent all - (Block [(Assign [a] - [(Spawn (Call f [1]))])]))
        concurrent timeout(5) { spawn fn() { 1 } }  =>  (Concurrent timeout 5 (Block [(Spawn (Lambda [] - (Block [1])))]))
        concurrent first { }       =>  (Concurrent first - (Block))
        concurrent cancel_on_error { }  =>  (Concurrent cancel_on_error - (Block))
        concurrent = 1             =>  (Assign [concurrent] - [1])
        select { v from c => v ; c.send(x) => 1 ; timeout(5) => { 2 } ; _ => 3 }  =>  (Select [(SelectCase receive v c - (Block [v])) (SelectCase send - c x (Block [1])) (SelectCase timeout - - 5 (Block [2])) (SelectCase default - - - (Block [3]))])
        test "a" timeout=5 { before_each { } }  =>  (Test a 5 (Block [(Hook before_each (Block))]))
        test { } ; bench "b" { }   =>  (Test - - (Block)) ; (Bench b (Block))
        test = 1 ; bench(2)        =>  (Assign [test] - [1]) ; (Call bench [2])
    """)


def test_generators() -> None:
    check("""
        fn f() { yield 1 ; x = yield from g() }  =>  (FnDecl f [] [] - (Block [(Yield 1) (Assign [x] - [(Yield (Call g) delegates)])]) generator)
        fn f() { fn g() { yield 1 } }  =>  (FnDecl f [] [] - (Block [(FnDecl g [] [] - (Block [(Yield 1)]) generator)]))
        fn f() { (yield x) * 2 }   =>  (FnDecl f [] [] - (Block [(Binary * (Yield x) 2)]) generator)
    """)


# --- declarations -----------------------------------------------------------------------------------------------------


def test_functions() -> None:
    check("""
        fn f() { }                 =>  (FnDecl f [] [] - (Block))
        async fn f() { }           =>  (FnDecl f [] [] - (Block) async)
        fn f<T, U>(a: T, b: U = 1) -> [T] { }  =>  (FnDecl f [T U] [(Param a (NamedType T)) (Param b (NamedType U) 1)] (ArrayType (NamedType T)) (Block))
        fn f({w, t = 2}, [a, ...r]: [Int]) { }  =>  (FnDecl f [] [(Param (RecordPattern [(FieldPattern w w) (FieldPattern t t 2)])) (Param (ArrayPattern [a] r) (ArrayType (NamedType Int)))] - (Block))
        fn f(a, ...r) { }          =>  (FnDecl f [] [(Param a) (Param r - - rest)] - (Block))
        @wasm @fast(1, 2) fn f() { }  =>  (FnDecl f [] [] - (Block) [(Decorator wasm) (Decorator fast [1 2])])
        @wasm pub fn f() { }       =>  (Pub (FnDecl f [] [] - (Block) [(Decorator wasm)]))
    """)


def test_types() -> None:
    cases = {
        "Int": "(NamedType Int)",
        "Map<String, [Int]>": "(NamedType Map [(NamedType String) (ArrayType (NamedType Int))])",
        "Option<Option<Int>>": "(NamedType Option [(NamedType Option [(NamedType Int)])])",
        "A<B<C<D>>>": "(NamedType A [(NamedType B [(NamedType C [(NamedType D)])])])",
        "(Int, String)": "(TupleType [(NamedType Int) (NamedType String)])",
        "(Int)": "(NamedType Int)",
        "() -> Nil": "(FunctionType [] (NamedType Nil))",
        "(A, B) -> (C) -> D": "(FunctionType [(NamedType A) (NamedType B)] (FunctionType [(NamedType C)] (NamedType D)))",
        "A | B | nil": "(UnionType [(NamedType A) (NamedType B) (NamedType Nil)])",
    }
    for source, expected in cases.items():
        assert tree(f"x: {source} = 1") == f"(Assign [x] {expected} [1])", source
    assert tree("x: Option<Int>= 1\ny: A<B<C>>= 2").count("Assign") == 2  # `>=`, `>>=` close and assign


def test_type_declarations() -> None:
    check("""
        type P { x: Int, y: Int }  =>  (TypeDecl P [] [(Field x (NamedType Int)) (Field y (NamedType Int))])
        type P { x: Int ; y: Int } derive [Eq, Show]  =>  (TypeDecl P [] [(Field x (NamedType Int)) (Field y (NamedType Int))] [] [Eq Show])
        type S { C(r: Float), A(Expr, Expr), N(value), U }  =>  (TypeDecl S [] [] [(Variant C [(Field r (NamedType Float))]) (Variant A [(Field - (NamedType Expr)) (Field - (NamedType Expr))]) (Variant N [(Field value)]) (Variant U)])
        type T<A> = [A]            =>  (TypeAlias T [A] (ArrayType (NamedType A)))
        type C = Red | Blue        =>  (TypeAlias C [] (UnionType [(NamedType Red) (NamedType Blue)]))
        type A = Int where { it > 0, it < 9 }  =>  (TypeAlias A [] (NamedType Int) [(Binary > it 0) (Binary < it 9)])
        impl P { fn a(self) { 1 } async fn b() { 2 } }  =>  (Impl P - [(FnDecl a [] [(Param self)] - (Block [1])) (FnDecl b [] [] - (Block [2]) async)])
        impl Show for P { }        =>  (Impl P Show)
        trait T { fn a(self) -> Int ; fn b() { 1 } }  =>  (Trait T [(FnDecl a [] [(Param self)] (NamedType Int)) (FnDecl b [] [] - (Block [1]))])
        interface I { fn a() }     =>  (Trait I [(FnDecl a)] interface)
    """)


def test_modules() -> None:
    check("""
        import {a, b as c} from "./m"  =>  (Import './m' [(ImportItem a a) (ImportItem b c)])
        import m from "./m"        =>  (Import './m' [] m)
        import * as m from "./m"   =>  (Import './m' [] - m)
        pub x = 1                  =>  (Pub (Assign [x] - [1]))
        export fn f() { }          =>  (Pub (FnDecl f [] [] - (Block)))
        export default f           =>  (Pub f default)
        pub {a, b as c}            =>  (Export [(ImportItem a a) (ImportItem b c)])
        pub {a} from "./m"         =>  (Export [(ImportItem a a)] './m')
        pub * from "./m"           =>  (Export - './m')
        pub {a} = r                =>  (Pub (Destructure (RecordPattern [(FieldPattern a a)]) r))
    """)


# --- lines ------------------------------------------------------------------------------------------------------------


def test_lines_that_continue_and_lines_that_do_not() -> None:
    check("""
        a ; (b)            =>  a ; b
        a ; [b]            =>  a ; (ArrayLit [b])
        a ; .b             =>  (Member a b)
        a ; + b            =>  (Binary + a b)
        a ; - b            =>  (Binary - a b)
        a ; -b             =>  a ; (Unary - b)
        (a ; -b)           =>  (Binary - a b)
        [a, fn() { a ; -b }]  =>  (ArrayLit [a (Lambda [] - (Block [a (Unary - b)]))])
        a + ; b            =>  (Binary + a b)
        a; b; ; c;         =>  a ; b ; c
        if a { } b         =>  (If [(Branch a (Block))]) ; b
        x = 1 return 2     =>  (Assign [x] - [1]) ; (Return 2)
        x = 1 y = 2        =>  (Assign [x] - [1]) ; (Assign [y] - [2])
    """)


@pytest.mark.parametrize("program", ONE_LINERS)
def test_one_line_programs(program: str) -> None:
    on_one_line, on_several = tree(program), tree(program.replace("; ", "\n"))
    assert on_one_line
    assert on_one_line == on_several


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("let x = 1", "E0016 1:1 there is no `let` in this language"),
        ("let mut x = 1", "E0016 1:1 there is no `let` in this language"),
        ("const x = 1", "E0016 1:1 there is no `const` in this language"),
        ("function f(a) {\n  return a\n}", "E0016 1:1 there is no `function` in this language"),
        ("switch (x) {\n a\n}", "E0016 1:1 there is no `switch` in this language"),
        ("throw x", "E0016 1:1 there is no `throw` in this language"),
        ("a === b", "E0016 1:3 there is no operator `===`"),
        ("a !== b", "E0016 1:3 there is no operator `!==`"),
        ("x++\ny = 1", "E0016 1:2 there is no operator `++`"),
        ("x--\ny = 1", "E0016 1:2 there is no operator `--`"),
        ("x = a ? b : c", "E0013 1:9 expected a new line or `;` before `b`"),
        ("print x", "E0013 1:7 expected a new line or `;` before `x`"),
        ('print "a{x}"', "E0013 1:7 expected a new line or `;` before an interpolated string"),
        ("if x = 1 { }", "E0021 1:6 an assignment is not a condition"),
        ("f(x = 1)", "E0021 1:5 an assignment is not a value"),
        ("(x = 1)", "E0021 1:4 an assignment is not a value"),
        ("x = y = 1", "E0021 1:7 an assignment is not a value"),
        ("x = if a { 1 }", "E0014 1:5 an `if` used as a value needs an `else`"),
        ("f(if a { 1 })", "E0014 1:3 an `if` used as a value needs an `else`"),
        ("if a\n  b", "E0023 1:5 expected `{` to open the body of `if`, found the end of the line"),
        ("while a: b", "E0023 1:8 expected `{` to open the body of `while`, found `:`"),
        ("fn f() 1", "E0023 1:8 expected `{` to open the body of function `f`, found `1`"),
        ("x = (1 + 2\ny = 3", "E0011 1:5 this `(` is never closed"),
        ("f(1, 2\ny = 3", "E0011 1:2 this `(` is never closed"),
        ("x = [1, 2\ny = 3", "E0011 1:5 this `[` is never closed"),
        ("fn f() {\n  if a {\n  }\n", "E0011 1:8 this `{` is never closed"),
        ("match x {\n 1 => 2", "E0011 1:9 this `{` is never closed"),
        ("type T { a: Int", "E0011 1:8 this `{` is never closed"),
        ("impl T { fn f() {", "E0011 1:17 this `{` is never closed"),
        ("}", "E0017 1:1 `}` has no opening brace"),
        ("f(1))", "E0017 1:5 `)` has no opening bracket"),
        ("f(a\n  b)", "E0010 1:4 expected `,` or `)` in the arguments, found the end of the line"),
        ("x = 1 +", "E0010 1:8 expected an expression, found the end of the file"),
        ("else { }", "E0010 1:1 expected a statement, found `else`"),
        ("5.", "E0010 1:3 expected a field or method name after the dot, found the end of the file"),
        ("a, b = f()", "E0025 1:10 2 targets but 1 value"),
        ("x = 1, 2", "E0025 1:6 a comma cannot follow this statement"),
        ("f() = 1", "E0015 1:1 cannot assign to this expression"),
        ("a.f() = 1", "E0015 1:1 cannot assign to the result of a call"),
        ("a?.b = 1", "E0015 1:1 cannot assign to this expression"),
        ("_ += 1", "E0015 1:3 `+=` needs a target with a value"),
        ("f(_)", "E0019 1:3 the placeholder `_` has no pipe"),
        ("x |> f() == 6", "E0020 1:6 the right side of `|>` must be a function, a call or a method"),
        ("0..1..2", "E0024 1:5 `..` cannot be chained"),
        ("a in b in c", "E0024 1:8 `in` cannot be chained"),
        ("fn f() { yield x * 2 }", "E0024 1:18 `yield` binds tighter than `*`"),
        ("var x", "E0010 1:6 expected `=` after the variable, found the end of the file"),
        ("var [a] = x", "E0010 1:5 `var` cannot take a value apart"),
        ("fn type() { }", "E0026 1:4 expected a function name, but `type` is a reserved word"),
        ("fn f(in) { }", "E0026 1:6 expected a parameter name, but `in` is a reserved word"),
        ("fn f(...a, b) { }", "E0025 1:12 a rest parameter must be the last one"),
        ("[...a, b] = x", "E0018 1:8 the rest `...` must be the last element of the pattern"),
        ("try { }", "E0010 1:1 `try` needs a `catch` or a `finally`"),
        ("for a, b, c in d { }", "E0025 1:9 a loop has at most two variables"),
        ("type T { a: Int, B }", "E0010 1:18 a type has either fields or variants, not both"),
        ("type T { a }", "E0010 1:12 expected `:` and a type after the field `a`, found `}`"),
        ("{a = 1}", "E0010 1:4 expected `:` after the key, found `=`"),
        ("match x { 1 => 2 3 => 4 }", "E0010 1:18 expected `,` or a new line between the arms, found `3`"),
        ("extern fn f()", "E0022 1:1 `extern` declarations are not part of the language core"),
        ("9223372036854775808", "E0007 1:1 integer literal does not fit into 64 bits"),
        ('"abc\nx = (', "E0003 1:1 this string is not closed"),
        ("f(1, /* abc", "E0004 1:6 this comment is not closed"),
        ('x = "a {b c}"', "E0010 1:11 expected `}` after the interpolated value, found `c`"),
    ],
)
def test_one_mistake_is_one_error(text: str, expected: str) -> None:
    assert errors(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("let x = 1", "write `x = ...`, or `var x = ...` if it changes"),
        ("let mut x = 1", "write `var x = ...`"),
        ("x++", "write `x += 1`"),
        ("x = a ? b : c", "there is no `c ? a : b`: write `if c { a } else { b }`"),
        ("print x", "to call it, write `print(...)`"),
        ("if x = 1 { }", "to compare, write `==`"),
        ("a, b = f()", "to take a tuple apart, write `(a, b) = ...`"),
        ("5.", "a decimal point needs a digit on both sides"),
        ("else { }", "`else` stands behind the `}` of an `if`"),
    ],
)
def test_hints(text: str, expected: str) -> None:
    assert hint(text) == expected


def test_several_errors_are_found_in_one_run() -> None:
    text = inspect.cleandoc("""
        fn f(a b) {
          x = )
        }
        y = 1 +
        z = 2
        fn g() {
          if a = 1 { w = [1, 2 }
          print "x"
          ok = 3
        }
        match v {
          1 => 2 3
        }
        last = 4
    """)
    assert errors(text) == inspect.cleandoc("""
        E0010 1:8 expected `,` or `)` in the parameters, found `b`
        E0010 4:8 expected an expression, found the end of the line
        E0021 7:8 an assignment is not a condition
        E0011 7:18 this `[` is never closed
        E0013 8:9 expected a new line or `;` before a string
        E0010 12:10 expected `,` or a new line between the arms, found `3`
    """).replace(
        "E0010 4:8 expected an expression, found the end of the line\n", "E0021 5:3 an assignment is not a value\n"
    )


def test_what_is_not_broken_is_kept() -> None:
    diagnostics = Diagnostics()
    program = parse(SourceFile("t", "a = 1\nb = )\nfn f() {\n  c = (\n  d = 2\n}\ne = 3"), diagnostics)
    assert [dump(s) for s in program.statements] == [
        "(Assign [a] - [1])",
        "(FnDecl f [] [] - (Block))",
        "(Assign [e] - [3])",
    ]


def test_the_number_of_errors_is_limited() -> None:
    diagnostics = Diagnostics()
    parse(SourceFile("t", "x = )\n" * 1000), diagnostics)
    assert len(diagnostics.items) == MAX_ERRORS


# --- robustness -------------------------------------------------------------------------------------------------------

DEEP = 10_000


@pytest.mark.parametrize(
    "text",
    [
        "(" * DEEP + "1" + ")" * DEEP,
        "(" * DEEP,
        "[" * DEEP + "]" * DEEP,
        "x = " + "{a:" * DEEP + "1" + "}" * DEEP,
        "x = " + "not " * DEEP + "y",
        "x = " + "- " * DEEP + "y",
        "x = a" + " ** a" * DEEP,
        "x = a" + " + a" * DEEP,
        "x = a" + ".b" * DEEP,
        "x" + " |> f" * DEEP,
        "if x { " * DEEP + "}" * DEEP,
        "fn f() { " * DEEP,
        "f(" + "fn() { g(" * DEEP,
        "match x { y => " * DEEP,
        "x = " + "y => " * DEEP + "1",
        "x: " + "[" * DEEP,
        "match x { " + "[" * DEEP,
        '"{' * DEEP,
        "pub " * DEEP,
    ],
    ids=lambda text: text[:12],
)
def test_deep_nesting_is_an_error(text: str) -> None:
    diagnostics = Diagnostics()
    limit = sys.getrecursionlimit()
    assert isinstance(parse(SourceFile("t", text), diagnostics), Program)
    assert sys.getrecursionlimit() == limit
    assert 1 <= len(diagnostics.items) <= 2
    assert {d.code for d in diagnostics.items} & {"E0012", "E0009", "E0010"}


def depth_of(node: Node) -> int:
    level, depth = [node], 0
    while level:
        level, depth = [child for n in level for child in children(n)], depth + 1
    return depth


@pytest.mark.parametrize(
    "text",
    [
        "(" * (MAX_NESTING - 1) + "1" + ")" * (MAX_NESTING - 1),
        "x = a" + " + a" * (MAX_CHAIN - 1),
        "if a { } " + "else if b { } " * DEEP,
        "x = [" + "1, " * DEEP + "]",
        "(" * 150 + "a" + (" + a" * 20 + ")") * 150,  # each within its limit, together too deep
    ],
    ids=["parentheses", "chain", "else-if", "array", "chains in parentheses"],
)
def test_trees_stay_shallow_enough_to_walk(text: str) -> None:
    diagnostics = Diagnostics()
    program = parse(SourceFile("t", text), diagnostics)
    assert depth_of(program) <= MAX_TREE_DEPTH + 1
    assert diagnostics.has_errors == (not program.statements)


@pytest.mark.parametrize(
    "text", ['x = "' + "a" * 10_000_000 + '"', "#" * 10_000_000, "# " * 5_000_000, "9" * 10_000_000]
)
def test_long_lines_are_excerpted(text: str) -> None:
    diagnostics = Diagnostics()
    parse(SourceFile("t", text), diagnostics)
    assert max(map(len, render_all(diagnostics.items).splitlines() or [""])) < 200


_PIECES = [
    *FIXED,
    "x",
    "it",
    "_",
    "Some",
    "1",
    "2.5",
    '"s"',
    '"a{',
    '}"',
    "'",
    '"""',
    "/*",
    "*/",
    "//",
    "\n",
    ";",
    "#",
    "spawn",
    "é",
]
_QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@_QUICK
@given(st.lists(st.sampled_from(_PIECES), max_size=60), st.sampled_from([" ", "", "\n"]))
def test_any_tokens_end_in_a_program(pieces: list[str], glue: str) -> None:
    check_total(glue.join(pieces))


@_QUICK
@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_program(data: bytes) -> None:
    check_total(data.decode("latin-1"))


@_QUICK
@given(st.sampled_from(ONE_LINERS), st.data())
def test_damaged_programs_end_in_a_program(program: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(program)))
    end = data.draw(st.integers(start, min(start + 6, len(program))))
    check_total(
        program[:start] + data.draw(st.sampled_from(["", "(", "}", '"', " x ", "=", "=>", "_"])) + program[end:]
    )


def check_total(text: str) -> None:
    """Parsing gives a tree whose spans lie in the text, or says why not; showing both works."""
    diagnostics = Diagnostics()
    program = parse(SourceFile("t", text), diagnostics)
    dump(program)
    render_all(diagnostics.sorted())
    assert len(diagnostics.items) <= MAX_ERRORS
    pending: list[Node] = [program]
    while pending:
        node = pending.pop()
        assert 0 <= node.start <= node.end <= len(program_text(text)), dump(node)
        pending += children(node)


def program_text(text: str) -> str:
    return SourceFile("t", text).text


# --- the tree itself --------------------------------------------------------------------------------------------------


def test_every_node_class_says_what_it_is() -> None:
    classes = [c for _, c in inspect.getmembers(syntax, inspect.isclass) if issubclass(c, Node)]
    assert len(classes) > 80
    assert [c.__name__ for c in classes if not c.__doc__] == []


def test_spans_are_the_text_of_the_construct() -> None:
    text = 'x = f(a, b + 1)[0].c if_ = "s"\nfn g(p: Int) -> Int { match p { Some(y) if y => -y } }'
    program = parse(SourceFile("t", text), Diagnostics())
    shown: dict[str, str] = {}
    pending: list[Node] = [program]
    while pending:
        node = pending.pop()
        shown[type(node).__name__] = text[node.start : node.end]
        pending += children(node)
    assert shown["Call"] == "f(a, b + 1)"
    assert shown["Index"] == "f(a, b + 1)[0]"
    assert shown["Member"] == "f(a, b + 1)[0].c"
    assert shown["Binary"] == "b + 1"
    assert shown["Param"] == "p: Int"
    assert shown["Arm"] == "Some(y) if y => -y"
    assert shown["VariantPattern"] == "Some(y)"
    assert shown["Match"] == "match p { Some(y) if y => -y }"
    assert shown["FnDecl"].startswith("fn g") and shown["FnDecl"].endswith("}")
