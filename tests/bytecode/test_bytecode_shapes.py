"""The VM as WebAssembly: its size, its place, and its other shape, which must do the same."""

from __future__ import annotations

import io

import pytest
import wasmtime
from wasmlathe import api
from wasmlathe.artifact import PANIC_SITE, Artifact
from wasmlathe.bench.vm_shapes import SHAPES, in_shapes
from wasmlathe.bytecode.machine import RUN, add_machine
from wasmlathe.bytecode.threaded import add_machine as add_threaded
from wasmlathe.codegen.binaryen import BinaryenModule
from wasmlathe.codegen.sections import function_names
from wasmlathe.diagnostics import SourceFile
from wasmlathe.ir import types as t
from wasmlathe.wasm_runtime import engine
from wasmlathe.wasm_runtime.panics import ProgramPanic

MOST_BYTES = 16 << 10

LOOPS = """
fn collatz(n) {
  var steps = 0
  var x = n
  while x != 1 {
    x = if x % 2 == 0 { x / 2 } else { 3 * x + 1 }
    steps += 1
  }
  steps
}

fn fib(n) { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }

fn main() {
  var sum = 0.0
  var hits = []
  for i in 1..30 {
    sum += toFloat(collatz(i)) / 2.0
    if i % 7 == 0 { hits.push(i) }
  }
  print("{sum} {hits} {fib(15)}")
  print(hits.map(n => n * n).filter(n => n > 100))
}
"""
BAD_INDEX = """
fn at(xs, i) { xs[i] }

fn main() {
  print("before")
  print(at([1, 2, 3], 3))
}
"""
DEEP = """
fn down(n) { if n == 0 { 0 } else { down(n + 1) * down(n + 2) - n } }

fn main() { print(down(1)) }
"""


@pytest.fixture(scope="module")
def machine() -> bytes:
    with BinaryenModule() as out:
        _add(out, "loop")
        return out.write(False)[0]


def _add(out: BinaryenModule, shape: str) -> None:
    for name in ("vm-top", "vm-frame", "vm-place", PANIC_SITE):
        out.add_global(name, t.I32, True, 0)
    out.set_memory(1, [], "memory")
    out.add_table("vm-table", 0)
    {"loop": add_machine, "threaded": add_threaded}[shape](out, None, 65536, 0)
    out.validate()


def outcome(artifact: Artifact) -> tuple[str, str]:
    """What a program printed, and how it failed."""
    output = io.StringIO()
    try:
        engine.run(artifact, stdout=output)
    except ProgramPanic as panic:
        return output.getvalue(), panic.message
    return output.getvalue(), ""


def test_the_machine_with_all_handlers_is_small(machine: bytes) -> None:
    assert len(machine) < MOST_BYTES


def test_the_threaded_machine_with_all_handlers_is_valid() -> None:
    with BinaryenModule() as out:
        _add(out, "threaded")


@pytest.mark.parametrize("text", [LOOPS, BAD_INDEX, DEEP], ids=["loops", "bad-index", "deep"])
def test_both_shapes_do_the_same(text: str) -> None:
    found = {shape: outcome(a) for shape, a in in_shapes(SourceFile("p.tova", text)).items()}
    assert list(found) == list(SHAPES)
    assert found["loop"] == found["threaded"]
    assert any(found["loop"])


def test_the_machine_is_the_first_function_of_its_module() -> None:
    artifact = in_shapes(SourceFile("p.tova", "print(1)"))["loop"]
    imports = wasmtime.Module(wasmtime.Engine(), artifact.wasm).imports
    assert function_names(artifact.wasm)[len(imports)] == RUN  # functions are all that programs import


def test_no_pass_moves_the_machine() -> None:
    artifact = api.compile(LOOPS, "Os", engine="vm").artifact
    imports = wasmtime.Module(wasmtime.Engine(), artifact.wasm).imports
    assert artifact.manifest["vm"]["names"][len(imports)] == RUN
