"""Programs of which some functions are bytecode and the others compiled: both kinds call each other as if they were one."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache

import pytest
from wasmlathe import api
from wasmlathe.artifact import Artifact
from wasmlathe.bytecode.link import link
from wasmlathe.cache import Cache
from wasmlathe.codegen.emit import finish, generate
from wasmlathe.diagnostics import SourceFile
from wasmlathe.driver import Compilation, CompileOptions, compile_source
from wasmlathe.ir.clone import clone_module
from wasmlathe.pipeline.preparing import PipelineRequest
from wasmlathe.wasm_runtime import engine
from wasmlathe.wasm_runtime import wasmtime_c as c
from wasmlathe.wasm_runtime.panics import ProgramExit, ProgramPanic, TimeLimit

LIMITS = engine.Limits(30.0, 512 << 20)

CALLED_BEFORE = "a panic of compiled code that called bytecode before"
#: What crosses from one kind to the other and back, many times, with state that has to survive.
PROGRAMS = {
    "closures, methods, matches, generators, recursion": """
fn counter(start) { var n = start
 {up: fn(by) { n += by
 n }, get: fn() n} }
fn twice(f, x) { f(f(x)) }
c = counter(10)
print(twice(fn(x) c.up(x), 3), c.get())
print([3, 1, 2].map(fn(x) twice(fn(y) y * x, 2)).join(" "))
print(sorted(["bb", "a", "ccc"], fn(s) -len(s)).join(","))
type Shape { Circle(r: Float), Box(w: Float, h: Float) }
fn area(s) { match s { Circle(r) => 3.0 * r * r, Box(w, h) => w * h } }
fn total(shapes) { if len(shapes) == 0 { 0.0 } else { area(shapes[0]) + total(shapes[1:]) } }
print(total([Circle(1.0), Box(2.0, 4.5), Circle(0.5)]))
counts = Map.new()
for w in "a b a c b a".split(" ") { counts.set(w, (counts.get(w) ?? 0) + 1) }
print(counts.get("a"), counts.get("b"), counts.get("z") ?? "none")
fn count(n) { var i = 0
 while i < n { yield i
 i += 1 } }
fn doubled(g) { for x in g { yield (x * 2) } }
fn down(n) { if n > 0 { yield n
 yield from down(n - 1) } }
var sum = 0
for x in doubled(count(5)) { sum += x }
for x in down(4) { sum = sum * 10 + x }
print(sum)
fn isEven(n) { if n == 0 { true } else { isOdd(n - 1) } }
fn isOdd(n) { if n == 0 { false } else { isEven(n - 1) } }
fn depth(n) { if n == 0 { 0 } else { xs = [n].map(fn(x) depth(x - 1) + 1)
 xs[0] } }
print(isEven(3000), isOdd(3000), depth(400))
""",
    "panics that are caught, and what is deferred": """
fn check(x) { assert(x < 3, "too large: {x}")
 x }
fn close(name) { print("close {name}") }
fn work(n) { defer close("w{n}")
 if n == 0 { return check(9) }
 try { return work(n - 1) } finally { print("leave {n}") } }
fn attempt(f) { try { return f() } catch e { print("caught", e.message)
 return -1 } }
print(attempt(fn() work(3)), attempt(fn() [1, 2].map(fn(x) check(x))[1]), attempt(fn() 7 % (check(1) - 1)))
""",
    "a panic far inside": """
fn element(a, i) { a[i] }
fn worse(numbers, a) { element(numbers, a * 5) + a }
fn through(numbers) { numbers.map(fn(a) worse(numbers, a)) }
fn main() { print(worse([1, 2, 3], 0))
 print(through([0, 1, 2])) }
""",
    CALLED_BEFORE: """
fn note(n) { print(n)
 n }
fn fails(xs) { xs[note(1) + note(6)] }
fn main() { print(fails([1, 2, 3])) }
""",
    "an end in the middle": """
fn leave(n) { if n == 3 { print("bye")
 exit(7) }
 n }
print([1, 2, 3, 4].map(fn(n) leave(n)).join(","))
""",
}

#: Which functions are bytecode: those whose number in the module leaves this when halved.
WANTED: dict[str, int | None] = {"every other": 0, "the others": 1, "all": None}


@cache
def compiled(name: str, gc_stress: bool = False) -> Compilation:
    # Without inlining there are more calls.
    options = CompileOptions(PipelineRequest("O0"), gc_stress=gc_stress, cache=Cache())
    return compile_source(SourceFile("mixed.tova", PROGRAMS[name]), options)


def mixed(compilation: Compilation, wanted: Callable[[str], bool], packed: bool) -> Artifact:
    assert compilation.artifact is not None
    module = clone_module(compilation.modules["mem"])
    program = link(module, lambda function: wanted(function.name))
    assert program.functions
    program.is_packed = packed
    facts = {name: compilation.artifact.manifest[name] for name in ("name", "entry", "entry_result")}
    return finish(generate(module, program), names=True, vm=program.manifest(), **facts)


def test_compiled_code_that_fails_has_the_callers_that_it_had_before_it_called_bytecode() -> None:
    compilation = compiled(CALLED_BEFORE)
    expected = outcome(compilation.artifact)
    assert outcome(mixed(compilation, {"_start", "main", "note"}.__contains__, packed=True)) == expected
    assert [call.split()[0] for call in expected[2]] == ["fails", "main", "_start"]


def by_number(compilation: Compilation, which: str) -> Callable[[str], bool]:
    names, rest = list(compilation.modules["mem"].functions), WANTED[which]
    return {name for number, name in enumerate(names) if rest is None or number % 2 == rest}.__contains__


def outcome(artifact: Artifact | None) -> tuple[str, object, list[str]]:
    """Output, exit status or message, and the open calls that have a place."""
    assert artifact is not None
    output = io.BytesIO()
    try:
        status: object = engine.run(artifact, (), LIMITS, output, Cache.off())
    except ProgramExit as end:
        return output.getvalue().decode(), end.status, []
    except ProgramPanic as panic:
        calls = [f"{frame.function} {frame.location}" for frame in panic.frames if frame.location]
        return output.getvalue().decode(), panic.message, calls
    return output.getvalue().decode(), status, []


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != CALLED_BEFORE])
def test_functions_of_both_kinds_make_one_program(name: str) -> None:
    compilation = compiled(name)
    expected = outcome(compilation.artifact)
    assert expected[0]
    for which in WANTED:
        assert outcome(mixed(compilation, by_number(compilation, which), packed=which != "all")) == expected, which


@pytest.mark.parametrize("which", ["every other", "the others"])
def test_garbage_is_found_on_both_sides(which: str) -> None:
    name = next(iter(PROGRAMS))
    compilation = compiled(name, gc_stress=True)
    expected = outcome(compiled(name).artifact)
    assert outcome(mixed(compilation, by_number(compilation, which), packed=True)) == expected


EXPORTED = """
pub fn dot(a: [Float], b: [Float]) {
  var sum = 0.0
  for i in 0..len(a) { sum += a[i] * b[i] }
  sum
}
pub fn greet(name: String) { "Hello, {name}!" }
pub fn deep(n: Int, at: Int) {
  xs = [n, 2, 3]
  if n == 0 { xs[at] } else { 1 + deep(n - 1, at) }
}
"""


def test_exported_functions_may_be_bytecode() -> None:
    module = api.compile(EXPORTED, "O0", engine="vm")
    assert {name for _offset, name in module.manifest["vm"]["functions"]} >= {"dot", "greet", "deep"}
    with module.instantiate() as instance:
        assert (instance.dot([1.0, 2.0], [3.0, 4.0]), instance.greet("you")) == (11.0, "Hello, you!")


def test_an_instance_goes_on_after_a_panic_in_bytecode_with_an_empty_stack() -> None:
    module = api.compile(EXPORTED, "O0", engine="vm")
    with module.instantiate() as instance:
        # So many frames, left by a panic, would not fit if they were not given up each time.
        for _turn in range(60):
            with pytest.raises(ProgramPanic, match="index out of range") as panic:
                instance.deep(20_000, 9)
            assert panic.value.frames[1].function.startswith("deep")
        assert instance.deep(5, 1) == 7


def test_a_time_limit_may_end_the_unpacking_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    module = api.compile(EXPORTED, "O0", engine="vm")
    set_deadline = engine.Guest.set_deadline
    monkeypatch.setattr(engine.Guest, "set_deadline", lambda guest, _ticks: set_deadline(guest, 0))  # over already
    with pytest.raises(TimeLimit):  # there is no instance yet whose globals could be asked where the VM was
        module.instantiate(timeout_seconds=30.0)


def test_what_an_interrupt_hides_leaves_no_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    module = api.compile(EXPORTED, "O0", engine="vm")
    with module.instantiate() as instance:
        raw_call = c.Library.raw_call

        def interrupted(library: c.Library) -> Callable[..., int]:
            def call(*args: object) -> int:
                raw_call(library)(*args)
                raise KeyboardInterrupt

            return call

        monkeypatch.setattr(c.Library, "raw_call", interrupted)
        for _turn in range(60):
            with pytest.raises(KeyboardInterrupt):
                instance["deep"](20_000, 9)
        monkeypatch.undo()
        assert instance.deep(20_000, 1) == 20_002


@pytest.mark.parametrize("level", ["O0", "Os"])  # with names and without
def test_an_exported_function_is_told_once(level: str) -> None:
    text = "fn at(xs: [Int], i: Int) { xs[i] }\npub fn third(i: Int) -> Int { at([1, 2, i], i) + 1 }\n"
    with api.compile(text, level, engine="vm").instantiate() as instance:
        with pytest.raises(ProgramPanic) as panic:
            instance.third(3)
        assert instance.third(2) == 3
    assert [frame.function for frame in panic.value.frames][-1] == "third"
    assert [frame.function for frame in panic.value.frames].count("third") == 1
    assert not any(frame.function.startswith("function ") for frame in panic.value.frames)
