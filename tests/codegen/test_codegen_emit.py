"""Expressions, effects and their order, memory, the source map, sizes, and that the same comes out every time."""

from __future__ import annotations

import subprocess
import sys

import pytest
import wasmtime
from compiled import Compiled, build
from wasmlathe.codegen import sourcemap
from wasmlathe.codegen.binaryen import BinaryenModule, InvalidModule
from wasmlathe.codegen.emit import finish, generate
from wasmlathe.codegen.memory_image import MemoryImage
from wasmlathe.ir import types as t
from wasmlathe.ir.core import DataSegment, Module
from wasmlathe.ir.parse import parse
from wasmlathe.passes.binaryen_passes import PASSES, SPECS
from wasmlathe.wasm_runtime import engine
from wasmlathe.wasm_runtime.panics import ProgramPanic
from wasmlathe.wasm_runtime.python_engine import Program

FIB = """module "fib" mem
func @fib(%n: i64) -> i64 export "fib" {
^entry:
  %two: i64 = i64.const 2
  %small: bool = i64.lt_s %n, %two
  cond_br %small, ^leaf, ^more
^leaf:
  ret %n
^more:
  %one: i64 = i64.const 1
  %a: i64 = i64.sub %n, %one
  %x: i64 = call @fib %a
  %b: i64 = i64.sub %n, %two
  %y: i64 = call @fib %b
  %s: i64 = i64.add %x, %y
  ret %s
}
"""

HELLO = """module "hello" mem
data @text align 8 "Hello, world!\\0a"
import func @env.write(i32, i32) from "env" "write" effects READS|IO
func @main() export "_start" {
^entry:
  %p: i32 = mem.data_addr @text
  %n: i32 = i32.const 14
  call @env.write %p, %n
  ret
}
"""


def module_of(text: str) -> Module:
    return parse('module "m" mem\n' + text)


def both(text: str) -> tuple[Compiled, Program]:
    module = module_of(text)
    return Compiled(module), Program(module)


def wat(text: str) -> str:
    generated = generate(parse(text))
    found = generated.binaryen.text()
    generated.binaryen.dispose()
    return found


def test_single_uses_become_one_tree_without_locals() -> None:
    text = wat(FIB)
    assert "(local " not in text
    assert "local.set" not in text


@pytest.mark.parametrize(("text", "limit"), [(FIB, 150), (HELLO, 250)], ids=["fib", "hello"])
def test_small_programs_are_small(text: str, limit: int) -> None:
    assert len(build(parse(text), names=False).wasm) < limit


def test_hello_world_runs_on_the_real_host(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert engine.run(build(parse(HELLO), entry="_start")) == 0
    assert capfdbinary.readouterr().out == b"Hello, world!\n"


def test_a_load_does_not_move_over_a_store_or_a_call() -> None:
    for engine_under_test in both(
        """
global @g: i64 = 0
data @d align 8 "\\05\\00\\00\\00\\00\\00\\00\\00"
func @change() -> i64 {
^entry:
  %p: i32 = mem.data_addr @d
  %v: i64 = i64.const 40
  mem.store_i64 %p, %v {offset=0, alias="any"}
  ret %v
}
func @load_then_call() -> i64 {
^entry:
  %p: i32 = mem.data_addr @d
  %before: i64 = mem.load_i64 %p {offset=0, alias="any"}
  %called: i64 = call @change
  %x: i64 = i64.sub %called, %before
  ret %x
}
func @load_then_store() -> i64 {
^entry:
  %p: i32 = mem.data_addr @d
  %before: i64 = mem.load_i64 %p {offset=0, alias="any"}
  %one: i64 = i64.const 1
  mem.store_i64 %p, %one {offset=0, alias="any"}
  ret %before
}
"""
    ):
        assert engine_under_test.call("load_then_call") == (35,)
        assert engine_under_test.call("load_then_store") == (40,)
        assert engine_under_test.call("load_then_store") == (1,)


def test_calls_happen_in_the_order_of_the_program() -> None:
    text = """
global @g: i64 = 0
func @next(%x: i64) -> i64 {
^entry:
  %old: i64 = global.get @g
  %ten: i64 = i64.const 10
  %a: i64 = i64.mul %old, %ten
  %b: i64 = i64.add %a, %x
  global.set @g %b
  ret %x
}
func @f() -> i64 {
^entry:
  %1: i64 = i64.const 1
  %2: i64 = i64.const 2
  %3: i64 = i64.const 3
  %a: i64 = call @next %1
  %b: i64 = call @next %2
  %c: i64 = call @next %3
  %d: i64 = i64.sub %c, %a
  %e: i64 = i64.mul %d, %b
  %g: i64 = global.get @g
  %h: i64 = i64.add %e, %g
  ret %h
}
"""
    for engine_under_test in both(text):
        assert engine_under_test.call("f") == (127,)


def test_the_first_of_two_failures_is_the_one_that_is_seen() -> None:
    text = """
func @f(%a: i64, %b: i64, %x: f64) -> i64 {
^entry:
  %q: i64 = i64.div_s %a, %b !"f.tova":1:5
  %n: i64 = i64.trunc_f64_s %x !"f.tova":2:5
  %d: i64 = i64.sub %n, %q
  ret %d
}
"""
    for engine_under_test in both(text):
        assert engine_under_test.call("f", 6, 3, 2.5) == (0,)
        with pytest.raises(ProgramPanic, match="division by zero") as caught:
            engine_under_test.call("f", 1, 0, float("nan"))
        assert str(caught.value.location) == "f.tova:1:5"
        with pytest.raises(ProgramPanic, match="not a number cannot become an Int") as caught:
            engine_under_test.call("f", 1, 1, float("nan"))
        assert str(caught.value.location) == "f.tova:2:5"


def test_what_only_one_side_needs_is_still_done_if_it_may_fail() -> None:
    text = """
func @f(%c: bool, %a: i64) -> i64 {
^entry:
  %one: i64 = i64.const 1
  %q: i64 = i64.div_s %one, %a
  cond_br %c, ^end(%q), ^end(%one)
^end(%r: i64):
  ret %r
}
"""
    for engine_under_test in both(text):
        assert engine_under_test.call("f", True, 1) == (1,)
        with pytest.raises(ProgramPanic):
            engine_under_test.call("f", False, 0)


def test_unused_results_do_not_lose_their_effects() -> None:
    text = """
func @f(%a: i64) -> i64 {
^entry:
  %one: i64 = i64.const 1
  %q: i64 = i64.div_s %one, %a
  %unused: i64 = i64.add %q, %one
  ret %one
}
"""
    for engine_under_test in both(text):
        with pytest.raises(ProgramPanic):
            engine_under_test.call("f", 0)


def test_a_call_whose_result_goes_to_a_parameter_that_nobody_reads_is_made() -> None:
    text = """
global @n: i64 = 0
func @count() -> i64 {
^entry:
  %one: i64 = i64.const 1
  global.set @n %one
  ret %one
}
func @f() -> i64 {
^entry:
  %unused: i64 = call @count
  br ^next(%unused)
^next(%p: i64):
  %n: i64 = global.get @n
  ret %n
}
"""
    for engine_under_test in both(text):
        assert engine_under_test.call("f") == (1,)


def test_every_access_of_memory_means_the_same_on_both_engines() -> None:
    text = """
data @d align 8 "\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00"
func @bytes(%v: i32) -> (i32, i32, i32, i32, i64) {
^entry:
  %p: i32 = mem.data_addr @d
  %zero: i64 = i64.const 0
  mem.store_i64 %p, %zero {offset=0, alias="any"}
  mem.store8 %p, %v {offset=0, alias="any"}
  mem.store16 %p, %v {offset=2, alias="any"}
  mem.store_i32 %p, %v {offset=4, alias="any"}
  %a: i32 = mem.load8_u %p {offset=0, alias="any"}
  %b: i32 = mem.load8_s %p {offset=0, alias="any"}
  %c: i32 = mem.load16_u %p {offset=2, alias="any"}
  %d: i32 = mem.load_i32 %p {offset=4, alias="any"}
  %e: i64 = mem.load_i64 %p {offset=0, alias="any"}
  ret %a, %b, %c, %d, %e
}
func @others(%x: f64, %c: bool) -> (f64, bool) {
^entry:
  %p: i32 = mem.data_addr @d
  mem.store_f64 %p, %x {offset=0, alias="any"}
  mem.store_bool %p, %c {offset=8, alias="any"}
  %y: f64 = mem.load_f64 %p {offset=0, alias="any"}
  %d: bool = mem.load_bool %p {offset=8, alias="any"}
  ret %y, %d
}
func @bulk() -> (i64, i64) {
^entry:
  %p: i32 = mem.data_addr @d
  %seven: i32 = i32.const 519
  %four: i32 = i32.const 4
  mem.fill %p, %seven, %four
  %q: i32 = i32.add %p, %four
  %two: i32 = i32.const 2
  %r: i32 = i32.add %p, %two
  mem.copy %q, %r, %four
  %a: i64 = mem.load_i64 %p {offset=0, alias="any"}
  %b: i64 = mem.load_i64 %p {offset=8, alias="any"}
  ret %a, %b
}
func @growth() -> (i32, i32, i32, i32) {
^entry:
  %two: i32 = i32.const 2
  %a: i32 = mem.size
  %b: i32 = mem.grow %two
  %c: i32 = mem.size
  %many: i32 = i32.const 70000
  %d: i32 = mem.grow %many
  ret %a, %b, %c, %d
}
"""
    wasm, interpreted = both(text)
    for value in (0, 1, -1, 0x1234_5678, -(2**31), 200, 40000):
        assert wasm.call("bytes", value) == interpreted.call("bytes", value)
    assert interpreted.call("bytes", -2)[:4] == (254, -2, 65534, -2)
    for engine_under_test in (wasm, interpreted):
        assert engine_under_test.call("others", -0.5, True) == (-0.5, True)
        assert engine_under_test.call("bulk") == (0x0707_0707_0707, 1)
        assert engine_under_test.call("growth") == (1, 1, 3, -1)
    assert wasm.call("bulk") == interpreted.call("bulk")


def test_sixteen_bytes_are_compared_at_once_on_both_engines() -> None:
    content = bytes([0, 1, 31, 32, 33, 34, 126, 127, 128, 129, 191, 192, 254, 255, 32, 0])
    data = "".join(f"\\{byte:02x}" for byte in content)
    text = f"""data @d align 8 "\\00{data}\\ff"
func @f(%b: i32) -> (i32, i32) {{
^entry:
  %p: i32 = mem.data_addr @d
  %one: i32 = i32.const 1
  %q: i32 = i32.add %p, %one
  %equal: i32 = mem.bytes_equal %q, %b {{alias="bytes"}}
  %upto: i32 = mem.bytes_upto %q, %b {{alias="bytes"}}
  ret %equal, %upto
}}
"""
    signed = [(byte ^ 0x80) - 0x80 for byte in content]
    wasm, interpreted = both(text)
    for wanted in (-128, -65, -1, 0, 31, 32, 33, 127):
        equal = sum((byte == wanted) << i for i, byte in enumerate(signed))
        upto = sum((byte <= wanted) << i for i, byte in enumerate(signed))
        for given in (wanted, wanted & 0xFF, (wanted & 0xFF) | 0x1200):
            assert wasm.call("f", given) == interpreted.call("f", given) == (equal, upto)


def test_the_low_half_is_taken_by_extending_and_not_by_a_mask() -> None:
    wasm, interpreted = both(
        'func @low(%x: i64) -> i64 export "low" {\n^entry:\n  %mask: i64 = i64.const 4294967295\n'
        "  %r: i64 = i64.and %x, %mask\n  ret %r\n}\n"
    )
    for value in (0, 1, -1, 2**31, 2**32 - 1, 2**32, -(2**63), 0x1234_5678_9ABC_DEF0):
        assert wasm.call("low", value) == interpreted.call("low", value) == (value & 0xFFFF_FFFF,)
    assert b"\xff\xff\xff\xff\x0f" not in wasm.artifact.wasm


def test_data_lies_from_address_16_on_and_zeros_are_not_stored() -> None:
    module = module_of(
        'data @a align 1 "abc"\ndata @zeros align 8 "' + "\\00" * 4096 + '"\n'
        'data @p align 4 "\\00\\00\\00\\00" at 0 -> @a + 1\n'
        "func @f() -> i32 {\n^entry:\n  %p: i32 = mem.data_addr @p\n"
        '  %q: i32 = mem.load_i32 %p {offset=0, alias="any"}\n  ret %q\n}\n'
    )
    image = MemoryImage(module)
    assert image.addresses == {"a": 16, "zeros": 24, "p": 4120}
    assert image.heap_base == 4128
    assert list(image.pieces()) == [(16, b"abc"), (4120, b"\x11")]
    wasm = Compiled(module)
    assert wasm.call("f") == Program(module).call("f") == (17,)
    assert len(wasm.artifact.wasm) < 200


def test_data_without_bytes_lies_behind_the_rest_except_for_the_shadow_stack() -> None:
    module = Module("rooms", "mem")
    for name, content, room in (("rt-shadow", b"", 64), ("marks", b"", 4096), ("text", b"abc", 0), ("tail", b"de", 9)):
        module.data[name] = DataSegment(name, content, 1, room)
    image = MemoryImage(module)
    assert image.addresses == {"rt-shadow": 16, "text": 80, "tail": 83, "marks": 94}
    assert image.heap_base == 4192
    assert list(image.pieces()) == [(80, b"abcde")]


def test_memory_is_as_large_as_its_data() -> None:
    module = Module("large", "mem")
    module.data["d"] = DataSegment("d", b"x" * 100_000)
    assert MemoryImage(module).initial_pages == 2


def test_a_program_that_needs_no_memory_has_none() -> None:
    artifact = build(parse(FIB))
    assert artifact.manifest["memory"] is False
    assert build(parse(HELLO)).manifest["memory"] is True


def test_imports_that_nobody_calls_are_left_out() -> None:
    text = HELLO.replace("  call @env.write %p, %n\n", "")
    assert b"write" not in build(parse(text)).wasm


def test_panics_with_the_same_message_and_place_share_a_site() -> None:
    text = """
func @f(%n: i64) {
^entry:
  switch %n {cases=[0, 1]} ^a, ^b, ^c
^a:
  panic "no" !"x.tova":1:1
^b:
  panic "no" !"x.tova":1:1
^c:
  panic "no" !"x.tova":2:1
}
"""
    module = module_of(text)
    wasm = Compiled(module)
    assert len(wasm.artifact.manifest["sites"]) == 2
    for engine_under_test in (wasm, Program(module)):
        for argument, line in ((0, 1), (1, 1), (7, 2)):
            with pytest.raises(ProgramPanic, match="no") as caught:
                engine_under_test.call("f", argument)
            assert caught.value.location is not None
            assert caught.value.location.line == line


def test_a_panic_can_have_a_text_made_at_run_time() -> None:
    text = """
data @text align 1 "cannot: \\c3\\a9"
func @f() {
^entry:
  %p: i32 = mem.data_addr @text
  %n: i32 = i32.const 10
  panic_text %p, %n !"x.tova":3:7
}
"""
    for engine_under_test in both(text):
        with pytest.raises(ProgramPanic, match="cannot: é") as caught:
            engine_under_test.call("f")
        assert str(caught.value.location) == "x.tova:3:7"


def test_the_source_map_survives_the_passes_of_binaryen() -> None:
    text = """
func @f(%a: i64, %b: i64) -> i64 {
^entry:
  %s: i64 = i64.add %a, %b !"m.tova":10:3
  %q: i64 = i64.div_s %s, %b !"m.tova":2000:77
  %r: i64 = i64.rem_s %q, %a !"n.tova":5:1
  ret %r
}
"""
    wasm = Compiled(module_of(text), tuple(PASSES))
    for args, place in (((1, 0), "m.tova:2000:77"), ((0, 1), "n.tova:5:1")):
        with pytest.raises(ProgramPanic) as caught:
            wasm.call("f", *args)
        assert str(caught.value.location) == place


def test_an_operator_has_its_own_place_and_not_that_of_its_last_operand() -> None:
    text = """
func @g(%x: i64) -> i64 {
^entry:
  %one: i64 = i64.const 1
  %y: i64 = i64.div_s %one, %x !"m.tova":1:1
  ret %y
}
func @f(%a: i64, %b: i64) -> i64 {
^entry:
  %p: i64 = call @g %a !"m.tova":2:1
  %q: i64 = i64.rem_s %b, %p !"m.tova":3:1
  %r: i64 = i64.div_s %a, %q !"m.tova":4:1
  ret %r
}
"""
    for passes in ((), tuple(PASSES)):
        for args, places in (
            ((0, 1), ["m.tova:1:1", "m.tova:2:1"]),
            ((2, 1), ["m.tova:3:1"]),
            ((1, 1), ["m.tova:4:1"]),
        ):
            wasm = Compiled(module_of(text), passes)
            export = wasm.instance.exports(wasm.store)["f"]
            with pytest.raises(wasmtime.Trap) as caught:
                export(wasm.store, *args)
            found = [wasm.artifact.source_map.lookup(frame.module_offset) for frame in caught.value.frames]
            assert ["{}:{}:{}".format(*place) for place in found if place] == places


def test_what_has_no_place_does_not_take_that_of_its_neighbour() -> None:
    text = """
func @a(%x: i64) -> i64 {
^entry:
  %y: i64 = i64.add %x, %x !"m.tova":1:1
  ret %y
}
func @b(%x: i64) -> i64 {
^entry:
  %y: i64 = i64.div_s %x, %x
  ret %y
}
"""
    for engine_under_test in both(text):
        with pytest.raises(ProgramPanic) as caught:
            engine_under_test.call("b", 0)
        assert caught.value.location is None


def test_every_instruction_of_the_table_is_known_to_the_source_map() -> None:
    text = HELLO + FIB.partition("\n")[2]
    wasm = bytearray(build(parse(text)).wasm)
    assert sourcemap.locate(bytes(wasm), [], []) == {}
    body = wasm.rindex(b"\x7c")  # an i64.add
    wasm[body] = 0xFE  # the prefix of atomic instructions
    with pytest.raises(ValueError, match="unknown instruction"):
        sourcemap.locate(bytes(wasm), [], [])


def test_the_same_module_gives_the_same_bytes() -> None:
    program = f"import sys\nsys.path.insert(0, {str(__file__.rpartition('/')[0])!r})\n" + (
        "from compiled import build\nfrom wasmlathe.ir.parse import parse\n"
        "from wasmlathe.passes.binaryen_passes import PASSES\n"
        "from test_codegen_structure import IRREDUCIBLE, PANIC_IN_LOOP, switch_text\n"
        "text = IRREDUCIBLE + PANIC_IN_LOOP.replace('@f', '@g') + switch_text(list(range(9))).replace('@f', '@h')\n"
        "print(build(parse('module \"m\" mem\\n' + text), tuple(PASSES)).to_bytes().hex())\n"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_an_invalid_module_is_an_error_with_binaryens_words(capfd: pytest.CaptureFixture[str]) -> None:
    with BinaryenModule() as module:
        body = module.binary("AddInt64", module.const(t.I64, 1), module.const(t.I32, 1))
        module.add_function("wrong", [], (t.I64,), [], body, [])
        with pytest.raises(InvalidModule, match="(?s)bug in wasmlathe.*wrong"):
            module.validate()
    assert capfd.readouterr().err == ""


def test_every_pass_of_binaryen_runs_and_has_a_sentence() -> None:
    generated = generate(parse(HELLO + FIB.partition("\n")[2]))
    for name in PASSES:
        generated.binaryen.run_passes([name])
    finish(generated, name="m", names=False)
    assert all(spec.summary.endswith(".") and spec.stage == "wasm" and spec.scope == "module" for spec in SPECS)
