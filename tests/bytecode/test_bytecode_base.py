"""Programs as data for the base module: which code is the same, what is linked, and that it runs like a module of its own."""

from __future__ import annotations

import io
import re

import pytest
from wasmlathe.artifact import Artifact
from wasmlathe.bytecode import sharing
from wasmlathe.bytecode.base import Facts, obtain
from wasmlathe.bytecode.identity import Identities
from wasmlathe.bytecode.image import Image
from wasmlathe.cache import Cache
from wasmlathe.diagnostics import SourceFile
from wasmlathe.driver import Compilation, CompileOptions, compile_source
from wasmlathe.ir.core import Loc
from wasmlathe.ir.parse import parse
from wasmlathe.pipeline.preparing import PipelineRequest
from wasmlathe.wasm_runtime import engine

LIMITS = engine.Limits(60.0, 256 << 20)


@pytest.fixture(scope="module")
def base() -> Artifact:
    return obtain(Cache())


def compiled(text: str, base: Artifact, level: str = "O2") -> Compilation:
    options = CompileOptions(PipelineRequest(level), base=lambda: base, shares_library=True, cache=Cache())
    return compile_source(SourceFile("p.tova", text), options)


def linked(text: str, base: Artifact) -> Image:
    image = compiled(text, base).image
    assert image is not None
    return image


def output(made: Compilation, limits: engine.Limits = LIMITS) -> str:
    assert made.artifact is not None
    stream = io.BytesIO()
    assert engine.run(made.artifact, [], limits, stream) == 0
    return stream.getvalue().decode()


def identity(text: str, name: str = "f") -> bytes:
    return Identities(parse(text)).function(name)


FUNCTION = """
module "m" mem
data @string.{number} align 8 "\\01\\00\\00\\00\\18\\00\\00\\00\\03\\00\\00\\00\\03\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00" at 16 -> @bytes.0{addend}
data @bytes.0 align 1 "{content}"
func @{callee}(%x: i32) -> i32 {{
^entry:
  %c: i32 = i32.const {constant}
  %r: i32 = i32.add %x, %c
  ret %r
}}
func @f(%{value}: i32) -> i32 {{
^{block}:
  %s: i32 = mem.data_addr @string.{number}
  %n: i32 = mem.load_i32 %s {{offset=8, alias="{alias}"}}
  %r: i32 = call @{callee} %n
  ret %r
}}
"""
SAME = {
    "number": 0,
    "addend": "",
    "content": "abc",
    "callee": "std.g",
    "constant": 1,
    "value": "x",
    "block": "entry",
    "alias": "any",
}


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({"value": "other", "block": "start", "alias": "string.length"}, True),  # names and hints
        ({"callee": "std.g.2"}, True),
        ({"number": 7}, True),
        ({"content": "xxabcx", "addend": " + 2"}, True),  # the text is where another one has it
        ({"content": "abd"}, False),
        ({"constant": 2}, False),  # of what it calls
    ],
)
def test_the_same_code_has_the_same_identity_in_every_program(changes: dict[str, object], is_same: bool) -> None:
    first, second = (FUNCTION.format(**{**SAME, **more}) for more in ({}, changes))
    assert (identity(first) == identity(second)) is is_same


def test_functions_that_call_each_other_are_told_apart() -> None:
    text = """
    module "m" mem
    func @std.a(%x: i32) -> i32 source "a" {
    ^entry:
      %r: i32 = call @std.b %x
      ret %r
    }
    func @std.b(%x: i32) -> i32 source "b" {
    ^entry:
      %one: i32 = i32.const 1
      %y: i32 = i32.add %x, %one
      %r: i32 = call @std.a %y
      ret %r
    }
    """
    assert identity(text, "std.a") != identity(text, "std.b")
    renamed = text.replace("std.b", "std.b.4")
    assert identity(text, "std.a") == identity(renamed, "std.a")
    assert identity(text, "std.a") != identity(text.replace("const 1", "const 2"), "std.a")


def test_who_is_who_in_a_circle_is_part_of_the_identity() -> None:
    text = """
    module "m" mem
    func @std.a(%x: i32) -> i32 source "a" {
    ^entry:
      %y: i32 = call @std.b %x
      %r: i32 = call @std.a %y
      ret %r
    }
    func @std.b(%x: i32) -> i32 source "b" {
    ^entry:
      %y: i32 = call @std.b %x
      %z: i32 = i32.add %x, %y
      %r: i32 = call @std.a %z
      ret %r
    }
    """
    # The same two bodies, but now it is the first that begins by calling itself.
    names = {"@std.a(": "@std.b(", "@std.b(": "@std.a(", '"a"': '"b"', '"b"': '"a"'}
    exchanged = re.sub("|".join(map(re.escape, names)), lambda found: names[found[0]], text)
    assert identity(text, "std.a") != identity(exchanged, "std.b")


def test_the_library_is_called_and_not_copied(base: Artifact) -> None:
    image = linked('fn main() { print("a b".split(" ").join(","), [3, 1, 2].sorted(), 2.5) }', base)
    assert {name for name, *_ in image.functions} == {"_start", "main"}


def test_code_of_the_program_keeps_its_places_though_the_library_has_the_same(base: Artifact) -> None:
    made = compiled('fn main() { print("a b".split(" ").join(","), [3, 1, 2].sorted(), 2.5) }', base)
    module = made.modules["mem"]
    shared = next(f for f in module.functions.values() if f.name.startswith("std.") and f.blocks)
    for op in shared.ops():
        op.loc = Loc("p.tova", 1, 1)
    image = sharing.link(module, Facts.of(base), "_start")
    assert shared.name in {name for name, *_ in image.functions}


def test_what_was_made_for_the_program_is_bytecode_like_it(base: Artifact) -> None:
    text = "fn odd(x) { x % 2 == 1 }\nfn main() { print(args().map(fn(s) toInt(s)).filter(odd)) }"
    names = {name for name, *_ in linked(text, base).functions}
    assert "main" in names
    assert any(name.startswith(("std.map", "std.filter")) for name in names)
    assert not any(name.startswith("rt-") for name in names)


def test_the_collector_knows_variables_and_types_of_the_program(base: Artifact) -> None:
    text = """
type Tree { Leaf, Node(left: Tree, value: Int, right: Tree, note: String) }
fn grow(depth) { if depth == 0 { Leaf } else { Node(grow(depth - 1), depth, grow(depth - 1), "at {depth}") } }
fn sum(tree) { match tree { Leaf => 0, Node(l, v, r, note) => sum(l) + v + len(note) + sum(r) } }
var kept = grow(10)
var names = ["name {i}" for i in 0..100]
fn main() {
  var total = 0
  for i in 0..60 { total += sum(grow(12)) % 10 }
  print(total, sum(kept), names[99], len(names))
}
"""
    own = compile_source(SourceFile("p.tova", text), CompileOptions(PipelineRequest("O2"), cache=Cache()))
    made = compiled(text, base)
    assert made.image is not None
    # Far less than is allocated: it has to be collected, many times.
    assert output(made, engine.Limits(60.0, 16 << 20)) == output(own, engine.Limits(60.0, 16 << 20))


def test_every_level_has_the_same_library_or_brings_its_own(base: Artifact) -> None:
    text = 'fn main() { for (i, w) in "c a b".split(" ").sorted().enumerate() { print("{i} {w} {1.5 * i}") } }'
    outputs = {level: output(compiled(text, base, level)) for level in ("O0", "O1", "O2", "O3", "Os")}
    assert set(outputs.values()) == {"0 a 0\n1 b 1.5\n2 c 3\n"}


def test_a_program_that_does_not_fit_says_why(base: Artifact) -> None:
    made = compiled("fn main() { print(1) }", base)
    facts = Facts.of(base)
    facts.rooms = {name: (address, 16) for name, (address, _size) in facts.rooms.items()}
    with pytest.raises(sharing.NotShareable, match="larger than the region"):
        sharing.link(made.modules["mem"], facts, "_start")
    facts = Facts.of(base)
    facts.functions = {identity: slots for identity, slots in facts.functions.items() if identity.startswith(b"env.")}
    with pytest.raises(sharing.NotShareable, match="is not the one of the base module"):
        sharing.link(compiled('fn main() { print("{args()}") }', base).modules["mem"], facts, "_start")


def test_a_program_that_does_not_fit_gets_a_module_of_its_own(base: Artifact) -> None:
    small = Artifact(base.wasm, base.source_map, {**base.manifest, "base": Facts.of(base).plain()})
    small.manifest["base"]["rooms"] = {name: (at, 16) for name, (at, _size) in Facts.of(base).rooms.items()}
    options = CompileOptions(PipelineRequest("O1"), base=lambda: small, bytecode=True)
    made = compile_source(SourceFile("p.tova", "fn main() { print(41 + 1) }"), options)
    assert made.image is None
    assert made.bytecode is not None
    assert output(made) == "42\n"


def test_what_a_base_keeps_for_programs_does_not_count_as_their_memory(base: Artifact) -> None:
    text = "fn main() { print(1) }"
    alone = compile_source(SourceFile("p.tova", text), CompileOptions(PipelineRequest("O2"), cache=Cache()))
    for made in (alone, compiled(text, base)):
        assert output(made, engine.Limits(60.0, 1500 << 10)) == "1\n"
