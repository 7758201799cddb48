"""The reference interpreter as an engine: limits, the host's functions, and how programs end."""

from __future__ import annotations

import io
import threading
import time

import pytest
from wasmlathe.ir.core import Module
from wasmlathe.ir.parse import parse
from wasmlathe.wasm_runtime import python_engine
from wasmlathe.wasm_runtime.engine import Limits
from wasmlathe.wasm_runtime.panics import InternalError, ProgramExit, ProgramPanic, TimeLimit
from wasmlathe.wasm_runtime.python_engine import Program, UnknownFunction, call, run

COUNT_DOWN = """
func @down(%n: i64) -> i64 {
^entry:
  %zero: i64 = i64.const 0
  %one: i64 = i64.const 1
  %end: bool = i64.eq %n, %zero
  cond_br %end, ^done, ^more
^done:
  ret %zero
^more:
  %m: i64 = i64.sub %n, %one
  %r: i64 = call @down %m !"d.tova":3:9
  %s: i64 = i64.add %r, %one
  ret %s
}
"""

ENDLESS = """
func @start() export "_start" {
^entry:
  br ^loop
^loop:
  br ^loop
}
"""


def module_of(text: str) -> Module:
    return parse('module "m" mem\n' + text)


def start(body: str, results: str = "", others: str = "") -> Module:
    return module_of(f'{others}\nfunc @start(){results} export "_start" {{\n^entry:\n{body}\n}}\n')


def test_ten_thousand_frames_and_more() -> None:
    assert call(module_of(COUNT_DOWN), "down", [10_000]) == (10_000,)
    assert call(module_of(COUNT_DOWN), "down", [100_000]) == (100_000,)


def test_endless_recursion_is_a_stack_overflow_with_a_place() -> None:
    module = start("  %n: i64 = i64.const -1\n  %r: i64 = call @down %n\n  ret %r", " -> i64", COUNT_DOWN)
    with pytest.raises(ProgramPanic, match="^stack overflow$") as caught:
        run(module)
    assert str(caught.value.location) == "d.tova:3:9"
    assert 1 < len(caught.value.frames) <= python_engine.MAX_SHOWN_FRAMES


def test_an_endless_loop_ends_at_the_time_limit() -> None:
    started = time.monotonic()
    with pytest.raises(TimeLimit, match=r"timed out after 0\.2 s"):
        run(module_of(ENDLESS), (), Limits(timeout_seconds=0.2))
    assert time.monotonic() - started < 5
    assert threading.active_count() == 1


def test_a_program_within_its_time_limit_is_not_disturbed() -> None:
    module = start("  %r: i64 = i64.const 7\n  ret %r", " -> i64")
    assert run(module, (), Limits(timeout_seconds=30.0)) == 7


@pytest.mark.parametrize(("value", "status"), [(0, 0), (3, 3), (256, 0), (-1, 255)])
def test_the_result_of_the_entry_is_the_exit_status(value: int, status: int) -> None:
    assert run(start(f"  %r: i64 = i64.const {value}\n  ret %r", " -> i64")) == status


def test_a_program_without_an_entry_does_nothing() -> None:
    assert run(module_of(COUNT_DOWN)) == 0


GROW = """  %n: i32 = i32.const 2
  %a: i32 = mem.grow %n
  %b: i32 = mem.grow %n
  %c: i32 = mem.size
  %x: i32 = i32.add %a, %b
  %y: i32 = i32.add %x, %c
  %z: i64 = i64.extend_i32_s %y
  ret %z"""


def test_memory_grows_up_to_its_limit() -> None:
    module = start(GROW, " -> i64")
    assert run(module) == 1 + 3 + 5
    assert run(module, (), Limits(max_memory_bytes=3 << 16)) == 1 - 1 + 3


def test_data_beyond_the_memory_limit_is_out_of_memory() -> None:
    module = start(GROW, " -> i64")
    with pytest.raises(ProgramPanic, match="out of memory: the program needs more than 1000 bytes to start"):
        run(module, (), Limits(max_memory_bytes=1000))


def test_an_access_outside_of_memory_is_our_error() -> None:
    for address, op in ((-8, "load_i64"), (65536, "load8_u"), (65530, "load_f64"), (-1, "load8_s")):
        result = {"load_i64": "i64", "load_f64": "f64"}.get(op, "i32")
        module = start(
            f'  %p: i32 = i32.const {address}\n  %x: {result} = mem.{op} %p {{offset=0, alias="any"}} !"a.tova":2:1\n  ret'
        )
        with pytest.raises(InternalError, match="out of bounds") as caught:
            run(module)
        assert str(caught.value.location) == "a.tova:2:1"


def test_unreachable_is_our_error() -> None:
    with pytest.raises(InternalError, match="unreachable"):
        run(start("  unreachable"))


HOST = """
data @room align 8 "????????\\0a"
import func @env.write(i32, i32) from "env" "write" effects READS|IO
import func @env.arg_count() -> i32 from "env" "arg_count" effects IO
import func @env.arg_size(i32) -> i32 from "env" "arg_size" effects IO
import func @env.arg_read(i32, i32) from "env" "arg_read" effects IO|WRITES
import func @env.exit(i32) from "env" "exit" effects IO
import func @env.now() -> f64 from "env" "now" effects IO
import func @env.random() -> f64 from "env" "random" effects IO
"""


def test_a_program_writes_its_arguments_and_exits() -> None:
    module = start(
        """  %p: i32 = mem.data_addr @room
  %one: i32 = i32.const 1
  %count: i32 = call @env.arg_count
  %size: i32 = call @env.arg_size %one
  call @env.arg_read %one, %p
  call @env.write %p, %size
  %status: i32 = i32.add %count, %size
  call @env.exit %status
  ret""",
        others=HOST,
    )
    output = io.BytesIO()
    assert run(module, ["first", "zwölf"], stdout=output) == 2 + 6
    assert output.getvalue() == "zwölf".encode()
    with pytest.raises(InternalError, match="argument"):
        run(module, ["first"])


def test_time_and_chance() -> None:
    module = module_of(
        HOST
        + """func @f() -> (f64, f64) {
^entry:
  %a: f64 = call @env.now
  %b: f64 = call @env.random
  ret %a, %b
}
"""
    )
    now, chance = call(module, "f")
    assert abs(now - time.time() * 1000) < 60_000
    assert 0 <= chance < 1


def test_what_was_written_before_a_failure_is_shown() -> None:
    module = start(
        """  %p: i32 = mem.data_addr @room
  %n: i32 = i32.const 4
  call @env.write %p, %n
  panic "stop" !"a.tova":9:9""",
        others=HOST,
    )
    output = io.BytesIO()
    with pytest.raises(ProgramPanic, match="stop") as caught:
        run(module, stdout=output)
    assert output.getvalue() == b"????"
    assert str(caught.value.location) == "a.tova:9:9"


def test_a_panic_without_a_place_has_that_of_its_caller() -> None:
    module = start('  call @fail !"a.tova":5:5\n  ret', others='func @fail() {\n^entry:\n  panic "no"\n}\n')
    with pytest.raises(ProgramPanic, match="no") as caught:
        run(module)
    assert str(caught.value.location) == "a.tova:5:5"
    assert [frame.function for frame in caught.value.frames] == ["fail", "start"]


def test_functions_are_called_by_name_in_one_memory() -> None:
    program = Program(
        module_of(
            """global @g: i64 = 5
func @next() -> i64 {
^entry:
  %old: i64 = global.get @g
  %one: i64 = i64.const 1
  %new: i64 = i64.add %old, %one
  global.set @g %new
  ret %old
}
"""
        )
    )
    assert [program.call("next") for _ in range(3)] == [(5,), (6,), (7,)]
    with pytest.raises(UnknownFunction, match="nothing"):
        program.call("nothing")


def test_leaving_the_program_passes_through_a_call() -> None:
    module = module_of(HOST + "func @f(%n: i32) {\n^entry:\n  call @env.exit %n\n  ret\n}\n")
    with pytest.raises(ProgramExit) as caught:
        call(module, "f", [3])
    assert caught.value.code == 3
