"""A VM that counts: what is derived from its counters is how often everything was executed."""

from __future__ import annotations

import io
import os
import struct
from collections import Counter
from typing import Any

import pytest
from bytecode_model import BytecodePanic, BytecodeTrap, Model
from compiled import Compiled, export_all
from evaluate import Evaluator, OutOfSteps
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pass_harness import pass_named, run_pass
from random_ir import Shape, arguments, modules
from test_bytecode_random import PASSES
from test_codegen_random import outcome
from wasmlathe.bytecode import link as linking
from wasmlathe.bytecode.counting import Counts, read
from wasmlathe.bytecode.instructions import HEADER, REGISTER, Instruction
from wasmlathe.cache import Cache
from wasmlathe.diagnostics import SourceFile
from wasmlathe.driver import CompileOptions, compile_source
from wasmlathe.ir.clone import clone_module
from wasmlathe.ir.core import Module
from wasmlathe.ir.parse import parse
from wasmlathe.pipeline.preparing import PipelineRequest
from wasmlathe.wasm_runtime import engine
from wasmlathe.wasm_runtime.panics import ProgramPanic

LEVELS = ("O0", "O3")


def counts_of(text: str, level: str = "O0", panics: bool = False) -> Counts:
    """What is counted in a program."""
    options = CompileOptions(PipelineRequest(level), bytecode=True, count=True, cache=Cache())
    artifact = compile_source(SourceFile("p.tova", text), options).artifact
    assert artifact is not None
    found: list[Counts] = []

    def look(memory: memoryview, _heap: int, stopped: tuple[int, int]) -> None:
        found.append(read(memory, artifact.manifest["vm"], stopped))

    try:
        engine.run(artifact, stdout=io.BytesIO(), look=look)
        assert not panics
    except ProgramPanic:
        assert panics
    return found[0]


def calls(counts: Counts) -> dict[str, int]:
    return {function.name: function.calls for function in counts.functions}


def lines(counts: Counts, name: str) -> dict[int, int]:
    """How often the lines of a function were executed: the most of their blocks."""
    (function,) = (f for f in counts.functions if f.name == name)
    found: dict[int, int] = {}
    for block in function.blocks:
        for _file, line, _column in block.places:
            found[line] = max(found.get(line, 0), block.count)
    return found


def kinds(counts: Counts) -> dict[tuple[int, str], dict[str, int]]:
    return {(kind.place[1], kind.use): kind.kinds for kind in counts.kinds}


# Programs


def test_calls_and_blocks_of_a_recursive_function() -> None:
    counts = counts_of("fn fib(n) {\n  if n < 2 { return n }\n  fib(n - 1) +\n    fib(n - 2)\n}\nprint(fib(10))\n")
    assert calls(counts)["fib"] == 177
    assert lines(counts, "fib") == {2: 177, 3: 88, 4: 88}


def test_turns_of_loops() -> None:
    text = """fn main() {
  var n = 0
  for i in 0..10 {
    for j in 0..i {
      if j == 3 {
        continue
      }
      n += j
    }
  }
  while n > 0 {
    n -= 20
  }
}
"""
    found = lines(counts_of(text), "main")
    assert [found[line] for line in (3, 5, 8, 12)] == [11, 45, 39, 6]


def test_closures_that_compiled_code_calls_are_counted() -> None:
    text = "fn main() {\n  xs = range(25)\n  print(xs.map(fn(x)\n    x * 2).filter(fn(x)\n    x > 10)[0])\n}\n"
    counts = counts_of(text)
    by_line = {f.place[1]: f.calls for f in counts.functions if f.place is not None}
    assert by_line[3] == by_line[4] == 25


def test_generators_are_counted_where_they_go_on() -> None:
    text = "fn numbers(n) {\n  for i in 0..n {\n    yield (i * 2)\n  }\n}\nvar sum = 0\nfor x in numbers(12) {\n  sum += x\n}\nprint(sum)\n"
    counts = counts_of(text)
    assert max(lines(counts, f.name).get(3, 0) for f in counts.functions) == 12
    assert max(lines(counts, f.name).get(8, 0) for f in counts.functions) == 12


def test_what_a_panic_leaves_open_counts_from_its_start() -> None:
    text = """fn f(n) {
  if n == 0 {
    return [1][n + 7]
  }
  m = f(n - 1)
  if m == 100 {
    print(m)
  }
  m + n
}
fn main() {
  [9].map(fn(n) f(n))
  print("never")
}
"""
    counts = counts_of(text, panics=True)
    assert calls(counts)["f"] == 10
    found = lines(counts, "f")
    assert (found[2], found[3], found[5], found[7], found[9]) == (10, 1, 9, 0, 0)


def test_panics_that_are_caught_are_counted_on() -> None:
    text = """fn f(n) {
  if n % 3 == 0 {
    print([1][7])
  }
  n
}
fn main() {
  var caught = 0
  for i in 0..30 {
    try {
      f(i)
    } catch e {
      caught += 1
    }
  }
  print(caught)
}
"""
    counts = counts_of(text)
    assert sum(f.calls for f in counts.functions if f.place is not None and f.place[1] == 1) == 30
    assert lines(counts, "main")[13] == 10


@pytest.mark.parametrize("level", LEVELS)
def test_counts_add_up_at_every_level(level: str) -> None:
    text = "fn main() {\n  var n = 0\n  for i in 0..1000 {\n    if i % 7 == 0 {\n      print(i)\n    }\n  }\n}\n"
    counts = counts_of(text, level)
    found = Counter(dict.fromkeys(()))
    for function in counts.functions:
        for line, count in lines(counts, function.name).items():
            found[line] = max(found[line], count)
    assert found[5] == 143
    assert sum(f.instructions for f in counts.functions) >= 1000


# Kinds of values

KINDS = """fn area(shape) {
  if shape is String {
    return len(shape) * 1.0
  }
  shape * 2.0
}
xs = [1.5, "abc", 2.5, [1, 2], "de", 4.0, nil, 3.0]
var total = 0.0
for x in xs {
  print(len("{x}"))
  if x is Array {
    print(len(x))
  } elif x == nil {
    print("nil")
  } else {
    total += area(x)
  }
}
print(total)
"""


@pytest.mark.parametrize("level", LEVELS)
def test_kinds_that_came_to_operations(level: str) -> None:
    found = kinds(counts_of(KINDS, level))
    assert found[10, "as text"] == {"Float": 4, "String": 2, "Nil": 1, "[Int]": 1}
    assert found[11, "tested with is"]["[Int]"] == 1
    assert found[2, "tested with is"] == {"Float": 4, "String": 2}


@pytest.mark.parametrize("level", LEVELS)
def test_kinds_that_are_passed_to_the_library_are_told_at_the_call(level: str) -> None:
    text = 'xs = [[1], "abc", "d"]\nfor x in xs {\n  print(\n    len(x))\n}\n'
    assert kinds(counts_of(text, level))[4, "passed to len"] == {"String": 2, "[Int]": 1}


def test_many_kinds_that_are_passed_to_the_library() -> None:
    text = 'xs = [1.5, "abc", [1], nil, true, 2.5]\nfor x in xs {\n  print(typeOf(x))\n}\n'
    found = kinds(counts_of(text))
    assert found[3, "passed to typeOf"] == {"Float": 2, "Bool": 1, "Nil": 1, "String": 1, "[Int]": 1}


def test_a_kind_that_has_no_meaning_is_told_before_the_panic() -> None:
    text = 'xs = [1.5, "abc"]\nvar sum = 0.0\nfor x in xs {\n  sum += x * 2\n}\n'
    assert kinds(counts_of(text, panics=True))[4, "left of *"] == {"Float": 1, "String": 1}


def test_a_program_without_unions_has_no_kinds() -> None:
    assert counts_of("print(1 + 2)\n").kinds == ()


# Code

SWITCH = """
module "m" mem
func @f(%n: i64) -> i64 {
^entry:
  %zero: i64 = i64.const 0
  br ^loop(%n, %zero)
^loop(%i: i64, %sum: i64):
  %one: i64 = i64.const 1
  %j: i64 = i64.sub %i, %one
  switch %j {cases=[0, 1, 2, 3, 5]} ^a, ^b, ^a, ^b, ^a, ^c
^a:
  br ^next(%one)
^b:
  %two: i64 = i64.const 2
  br ^next(%two)
^c:
  %three: i64 = i64.const 3
  br ^next(%three)
^next(%k: i64):
  %s: i64 = i64.add %sum, %k
  %none: bool = i64.le_s %j, %zero
  cond_br %none, ^end, ^loop(%j, %s)
^end:
  ret %s
}
"""


class Tracing(Model):
    """Notes how often each instruction is executed."""

    def __init__(self, memory: bytearray, limit: int) -> None:
        super().__init__(memory, limit)
        self.executed: Counter[int] = Counter()

    def _instruction(self, instruction: Instruction) -> None:
        if instruction.first is None:
            self.executed[self.pc] += 1
        super()._instruction(instruction)


def check(module: Module, wanted: list[tuple[str, list[Any]]], monkeypatch: pytest.MonkeyPatch) -> Counts:
    """Blocks are counted as often as a model of the VM executes them in these calls, which do what the plain evaluator says."""
    plain = Evaluator(clone_module(module))
    monkeypatch.setattr(linking, "STACK_BYTES", 1 << 20)
    export_all(module)
    types = {name: function.param_types for name, function in module.functions.items()}
    program = linking.link(module, lambda _function: True, count=True)
    machine = Compiled(module, program=program)
    memory = bytearray(machine.read(0, _size(machine)))
    limit = program.stack + linking.STACK_BYTES - linking.MARGIN
    executed: Counter[int] = Counter()
    stopped = 0, 0
    for name, args in wanted:
        model = Tracing(memory, limit)
        frame = program.stack + HEADER
        struct.pack_into("<II", memory, frame, 0, program.stack)
        model.fp = frame
        for index, (type_, value) in enumerate(zip(types[name], args, strict=True)):
            model.write(HEADER + REGISTER * index, type_, value)
        try:
            model.run(program.code + program.functions[name], frame, fuel=100_000)
        except (BytecodeTrap, BytecodePanic) as ending:
            stopped = ending.pc, ending.fp
        executed += model.executed
        assert outcome(machine.call, name, *args) == outcome(plain.call, name, args)
    counts = read(memoryview(machine.read(0, _size(machine))), program.manifest(), stopped)
    for function in counts.functions:
        start = program.code + program.functions[function.name]
        assert {b.start: b.count for b in function.blocks} == {
            b.start: executed[start + b.start] for b in function.blocks
        }
    assert sum(f.instructions for f in counts.functions) >= sum(executed.values())
    return counts


def _size(machine: Compiled) -> int:
    return machine.instance.exports(machine.store)["memory"].data_len(machine.store)


def test_each_case_of_a_switch_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = check(parse(SWITCH), [("f", [10]), ("f", [3])], monkeypatch)
    (function,) = counts.functions
    assert function.calls == 2
    assert 13 in {block.count for block in function.blocks}


@pytest.mark.parametrize("passes", [(), PASSES], ids=["plain", "optimized"])
def test_random_functions_are_counted_as_a_model_executes_them(
    passes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    @settings(
        max_examples=int(os.environ.get("WASMLATHE_RANDOM_PROGRAMS", "8")),
        deadline=None,
        derandomize="WASMLATHE_RANDOM_PROGRAMS" not in os.environ,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    @given(modules(Shape(blocks=10, ops_per_block=4, functions=3, memory=False)), st.data())
    def run(module: Module, data: st.DataObject) -> None:
        wanted = [
            (name, data.draw(arguments(function))) for name, function in module.functions.items() for _ in range(2)
        ]
        for name in passes:
            run_pass(pass_named(name), module, {})
        plain = Evaluator(module)
        try:
            ends = [isinstance(outcome(plain.call, name, args), list) for name, args in wanted]
        except OutOfSteps:
            return
        first = ends.index(False) + 1 if False in ends else len(ends)
        check(module, wanted[:first], monkeypatch)  # after a failure the frames are those of the failure

    run()
