"""Running a whole program: its output, its end, its limits."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from wasmlathe.wasm_runtime.engine import EXIT_BROKEN_PIPE, Limits, run
from wasmlathe.wasm_runtime.panics import EngineMissing, InternalError, Location, ProgramPanic, TimeLimit
from wat_programs import DEPTH, HELLO, artifact, offset_of, program

SPIN = "(loop $again (br $again))"


def output_of(*arguments, **options) -> tuple[int, str]:
    out = io.StringIO()
    return run(*arguments, stdout=out, **options), out.getvalue()


# Output


def test_output_goes_to_sys_stdout_by_default(capfd):
    assert run(program(HELLO)) == 0
    assert capfd.readouterr().out == "hello\n"


def test_output_follows_a_replaced_sys_stdout(capsys):
    run(program(HELLO))
    assert capsys.readouterr().out == "hello\n"


def test_output_comes_after_what_python_printed_before(tmp_path, monkeypatch):
    with open(tmp_path / "out", "w") as file:
        monkeypatch.setattr(sys, "stdout", file)
        print("first")
        run(program(HELLO))
    assert (tmp_path / "out").read_text() == "first\nhello\n"


def test_output_is_buffered_until_the_end():
    class Counting(io.StringIO):
        writes = 0

        def write(self, text: str) -> int:
            self.writes += 1
            return super().write(text)

    out = Counting()
    run(program(HELLO * 100), stdout=out)
    assert (out.getvalue(), out.writes) == ("hello\n" * 100, 1)


def test_much_output_is_passed_on_before_the_end():
    class Sizes(io.RawIOBase):
        def __init__(self) -> None:
            self.sizes: list[int] = []

        def writable(self) -> bool:
            return True

        def write(self, data) -> int:
            self.sizes.append(len(data))
            return len(data)

    out = Sizes()
    body = f"(local $n i32) (loop $l {HELLO} (br_if $l (i32.lt_s (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 50000))))"
    run(program(body), stdout=out)
    assert sum(out.sizes) == 300_000
    assert 1 < len(out.sizes) < 10


def test_a_terminal_sees_each_write_at_once():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    with pytest.raises(InternalError):
        run(program(f"{HELLO} (unreachable)"), stdout=out)
    assert out.getvalue() == "hello\n"


def test_a_character_cut_by_two_writes_arrives_whole():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    body = " ".join(f"(call $write (i32.const {32 + i}) (i32.const 1))" for i in range(7))
    out = Terminal()
    run(program(body), stdout=out)
    assert out.getvalue() == "aé😀"


def test_bytes_streams_get_the_bytes():
    out = io.BytesIO()
    run(program("(call $write (i32.const 32) (i32.const 7))"), stdout=out)
    assert out.getvalue() == "aé😀".encode()


def test_an_exception_in_the_stream_reaches_the_caller_and_ends_the_program():
    class Broken(io.StringIO):
        def isatty(self) -> bool:
            return True  # every write is passed on

        def write(self, _text: str) -> int:
            raise ZeroDivisionError("from the stream")

    with pytest.raises(ZeroDivisionError, match="from the stream"):
        run(program(f"{HELLO} {SPIN}"), stdout=Broken())


def test_a_reader_that_left_ends_the_program_quietly():
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as file:
        assert run(program(f"(loop $l {HELLO} (br $l))"), stdout=file) == EXIT_BROKEN_PIPE


def test_an_address_outside_memory_is_our_bug():
    with pytest.raises(InternalError, match="outside its memory"):
        run(program("(call $write (i32.const 65530) (i32.const 100))"))


def test_memory_that_grew_is_seen():
    body = "(drop (memory.grow (i32.const 1))) (i32.store8 (i32.const 70000) (i32.const 65)) (call $write (i32.const 70000) (i32.const 1))"
    assert output_of(program(body)) == (0, "A")


# Ends


@pytest.mark.parametrize(("result", "status"), [(0, 0), (7, 7), (256, 0), (-1, 255), (300, 44)])
def test_the_result_of_the_entry_is_the_status_modulo_256(result, status):
    assert run(program(f"(i64.const {result})", result="i64")) == status


def test_exit_ends_at_once_and_flushes():
    body = f"{HELLO} (call $exit (i32.const 3)) {HELLO}"
    assert output_of(program(body, imports=("write", "exit"))) == (3, "hello\n")


def test_a_panic_has_the_message_and_place_of_its_site():
    out = io.StringIO()
    with pytest.raises(ProgramPanic) as caught:
        run(program(f"{HELLO} (call $panic (i32.const 0))", imports=("write", "panic")), stdout=out)
    assert caught.value.message == "index out of range"
    assert caught.value.location == Location("main.tova", 3, 9)
    assert out.getvalue() == "hello\n"


def test_a_panic_with_a_text_of_its_own():
    with pytest.raises(ProgramPanic) as caught:
        run(program("(call $panic_text (i32.const 32) (i32.const 7) (i32.const 1))", imports=("panic_text",)))
    assert (caught.value.message, str(caught.value.location)) == ("aé😀", "main.tova:7:1")


def test_frames_of_a_panic_are_named_innermost_first():
    rest = "(func $inner (call $panic (i32.const 0))) (func $outer (call $inner))"
    with pytest.raises(ProgramPanic) as caught:
        run(program("(call $outer)", imports=("panic",), rest=rest))
    assert [frame.function for frame in caught.value.frames][:2] == ["inner", "outer"]


DIVIDE = "(func $divide (param i64 i64) (result i64) (i64.div_s (local.get 0) (local.get 1)))"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("(drop (call $divide (i64.const 1) (i64.const 0)))", "division by zero"),
        ("(drop (call $divide (i64.const 0x8000000000000000) (i64.const -1)))", "integer overflow"),
        ("(drop (i64.trunc_f64_s (f64.const nan)))", "not a number"),
    ],
)
def test_traps_that_a_program_can_cause_are_panics(body, message):
    with pytest.raises(ProgramPanic, match=message):
        run(program(body, imports=(), rest=DIVIDE))


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("(unreachable)", "unreachable"),
        ("(drop (i64.load (i32.const 0x7fffffff)))", "memory out of bounds"),
        ("(call_indirect (i32.const 9))", "table out of bounds"),
        ("(call_indirect (i32.const 0))", "empty table slot"),
    ],
)
def test_traps_that_no_program_can_cause_are_our_bugs(body, what):
    with pytest.raises(InternalError, match=f"{what}.*bug in wasmlathe"):
        run(program(body, imports=(), rest="(table 1 funcref)"))


def test_a_trap_is_placed_by_the_source_map():
    divide = program("(drop (i64.div_s (i64.const 1) (i64.const 0)))", imports=())
    at = offset_of(divide, b"\x7f")  # i64.div_s
    divide = artifact_with_map(
        divide, {at - 4: ("main.tova", 1, 1), at: ("main.tova", 2, 5), at + 1: ("main.tova", 9, 9)}
    )
    with pytest.raises(ProgramPanic) as caught:
        run(divide)
    assert caught.value.location == Location("main.tova", 2, 5)
    assert caught.value.frames[0].offset == at


def artifact_with_map(original, source_map):
    return type(original)(original.wasm, source_map, original.manifest)


# Recursion


@pytest.mark.parametrize("depth", [10_000, 100_000, 1_000_000])
def test_deep_recursion_returns(depth):
    body = f"(i64.eq (call $depth (i64.const {depth})) (i64.const {depth})) (i64.extend_i32_u)"
    assert run(program(body, imports=(), result="i64", rest=DEPTH)) == 1


def test_endless_recursion_is_a_stack_overflow():
    with pytest.raises(ProgramPanic) as caught:
        run(program("(call $f)", imports=(), rest="(func $f (call $f) (drop (memory.size)))"))
    assert caught.value.message == "stack overflow"
    assert caught.value.frames[0].function == "f"


def test_output_works_at_the_bottom_of_a_deep_stack():
    rest = f"(func $f (param i64) (if (i64.eqz (local.get 0)) (then {HELLO}) (else (call $f (i64.sub (local.get 0) (i64.const 1))))) (drop (memory.size)))"
    assert output_of(program("(call $f (i64.const 1000000))", rest=rest)) == (0, "hello\n")


# Limits


def test_an_endless_loop_ends_at_the_time_limit():
    out = io.StringIO()
    with pytest.raises(TimeLimit, match=r"timed out after 0\.05 s"):
        run(program(f"{HELLO} {SPIN}"), limits=Limits(timeout_seconds=0.05), stdout=out)
    assert out.getvalue() == "hello\n"


def test_a_program_within_its_time_limit_is_not_disturbed():
    assert output_of(program(HELLO), limits=Limits(timeout_seconds=60)) == (0, "hello\n")


def test_memory_cannot_grow_beyond_its_limit():
    body = "(i64.extend_i32_s (memory.grow (i32.const 100)))"
    assert run(program(body, imports=(), result="i64"), limits=Limits(max_memory_bytes=1 << 20)) == 255
    assert run(program(body, imports=(), result="i64"), limits=Limits(max_memory_bytes=1 << 23)) == 1


def test_a_program_that_starts_above_its_memory_limit_is_out_of_memory():
    with pytest.raises(ProgramPanic, match="out of memory.*1000 bytes"):
        run(program(HELLO), limits=Limits(max_memory_bytes=1000))


# What else a program can ask for


def test_arguments_arrive_as_utf8():
    body = """
      (if (i32.ne (call $arg_count) (i32.const 2)) (then (unreachable)))
      (call $arg_read (i32.const 1) (i32.const 100))
      (call $write (i32.const 100) (call $arg_size (i32.const 1)))
    """
    reader = program(body, imports=("write", "arg_count", "arg_size", "arg_read"))
    assert output_of(reader, ["first", "größe"]) == (0, "größe")


def test_an_argument_that_does_not_exist_is_our_bug():
    with pytest.raises(InternalError, match="argument"):
        run(program("(drop (call $arg_size (i32.const 0)))", imports=("arg_size",)))


def test_now_is_in_milliseconds():
    before = time.time() * 1000
    reader = program(
        "(f64.store (i32.const 64) (call $now)) (call $write (i32.const 64) (i32.const 8))", imports=("write", "now")
    )
    out = io.BytesIO()
    run(reader, stdout=out)
    now = memoryview(out.getvalue()).cast("d")[0]
    assert before - 1 <= now <= time.time() * 1000 + 1


def test_random_numbers_are_in_the_unit_interval_and_differ():
    body = " ".join(f"(f64.store (i32.const {64 + 8 * i}) (call $random))" for i in range(50))
    out = io.BytesIO()
    run(program(f"{body} (call $write (i32.const 64) (i32.const 400))", imports=("write", "random")), stdout=out)
    numbers = memoryview(out.getvalue()).cast("d").tolist()
    assert all(0 <= number < 1 for number in numbers)
    assert len(set(numbers)) == 50


def test_an_unknown_import_is_named():
    foreign = artifact('(func (export "_start"))', imports=())
    text = '(module (import "env" "launch" (func)) (memory (export "memory") 1) (func (export "_start")))'
    import wasmtime

    foreign.wasm = bytes(wasmtime.wat2wasm(text))
    with pytest.raises(InternalError, match=r"env\.launch"):
        run(foreign)


def test_a_broken_module_is_our_bug():
    broken = program(HELLO)
    broken.wasm = broken.wasm[:-3]
    with pytest.raises(InternalError, match="refused the compiled module"):
        run(broken)


def test_a_missing_engine_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("WASMLATHE_WASMTIME", str(tmp_path / "none.so"))
    with pytest.raises(EngineMissing, match="pip install"):
        run(program(HELLO))


def test_a_library_that_is_not_wasmtime_is_refused(monkeypatch, tmp_path):
    (tmp_path / "lib.so").write_bytes(b"no library")
    monkeypatch.setenv("WASMLATHE_WASMTIME", str(tmp_path / "lib.so"))
    with pytest.raises(EngineMissing, match="cannot be loaded"):
        run(program(HELLO))


def test_an_installation_without_wasmtime_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(EngineMissing, match="not installed"):
        run(program(HELLO))


# Ctrl-C, which needs a process of its own


def interrupted(tmp_path: Path, body: str, statement: str) -> tuple[int, str, str]:
    """Exit status, output and errors of a process that runs `body` and gets SIGINT when the program is running."""
    script = f"""
        import sys
        from wat_programs import program
        from wasmlathe.wasm_runtime.engine import Limits, run
        from wasmlathe.wasm_runtime.instance import Instance
        compiled = program({body!r})
        compiled.manifest["exports"] = {{"start": {{"symbol": "_start", "params": [], "result": "Nil"}}}}
        print("ready", file=sys.stderr, flush=True)
        try:
            {statement}
        except KeyboardInterrupt:
            sys.exit(99)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
    )
    assert process.stderr.readline() == "ready\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=30)
    return process.returncode, out, errors


def test_ctrl_c_ends_a_loop_that_never_looks_up(tmp_path):
    status, out, errors = interrupted(tmp_path, f"{HELLO} {SPIN}", "run(compiled)")
    assert (status, out, errors) == (-signal.SIGINT, "hello\n", "")


def test_ctrl_c_leaves_a_program_that_calls_the_host(tmp_path):
    status, _out, errors = interrupted(
        tmp_path, f"(loop $l {HELLO} (br $l))", "run(compiled, stdout=open('/dev/null', 'w'))"
    )
    assert (status, errors) == (99, "")


def test_ctrl_c_leaves_a_program_with_a_time_limit(tmp_path):
    status, _out, errors = interrupted(tmp_path, SPIN, "run(compiled, limits=Limits(timeout_seconds=60))")
    assert (status, errors) == (99, "")


def test_ctrl_c_leaves_a_call_into_an_instance(tmp_path):
    statement = "Instance(compiled, stdout=open('/dev/null', 'w')).start()"
    status, _out, errors = interrupted(tmp_path, f"(loop $l {HELLO} (br $l))", statement)
    assert (status, errors) == (99, "")


def test_a_run_imports_nothing_slow():
    """What a cached run pays for: none of these is needed to start a program, and each takes milliseconds."""
    slow = {"click", "dataclasses", "hashlib", "inspect", "json", "pluggy", "rich", "threading", "typing", "wasmtime"}
    script = "import sys; before = set(sys.modules); import wasmlathe.wasm_runtime.engine, wasmlathe.artifact, \
wasmlathe.fingerprint; print(*(set(sys.modules) - before))"
    imported = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "wasmlathe.wasm_runtime.engine" in imported
    assert not slow & set(imported)
