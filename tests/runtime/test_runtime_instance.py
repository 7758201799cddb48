"""Compiled functions called from Python: values both ways, errors, and what survives them."""

from __future__ import annotations

import ctypes
import gc
import io
import math
import threading
from array import array

import pytest
from wasmlathe.lower import layout
from wasmlathe.wasm_runtime.engine import Limits
from wasmlathe.wasm_runtime.instance import Instance
from wasmlathe.wasm_runtime.panics import InternalError, ProgramExit, ProgramPanic, TimeLimit
from wat_programs import ALLOC, DEPTH, HELLO, artifact

BODY = f"""
  {ALLOC} {DEPTH}
  (func (export "add") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
  (func (export "divide") (param i64 i64) (result i64) (i64.div_s (local.get 0) (local.get 1)))
  (func (export "mix") (param i64 f64 i32) (result f64)
    (if (result f64) (local.get 2)
      (then (f64.add (f64.convert_i64_s (local.get 0)) (local.get 1)))
      (else (f64.const -1))))
  (func (export "not") (param i32) (result i32) (i32.eqz (local.get 0)))
  (func (export "nothing"))
  (func (export "seven") (result i64) (i64.const 7))
  (func (export "after_nil") (param i64) (result i64) (local.get 0))
  (func (export "greet") (call $write (i32.const 16) (i32.const 6)))
  (func (export "greet_and_panic") {HELLO} (call $panic (i32.const 0)))
  (func (export "leave") (call $exit (i32.const 4)))
  (func (export "spin") (loop $l (br $l)))
  (func (export "same") (param i32) (result i32) (local.get 0))
  (func (export "second") (param i32 i32) (result i32) (local.get 1))
  (func (export "sum") (param $xs i32) (result f64)
    (local $p i32) (local $end i32) (local $sum f64)
    (local.set $p (i32.load offset=16 (local.get $xs)))
    (local.set $end (i32.add (local.get $p) (i32.mul (i32.const 8) (i32.load offset=8 (local.get $xs)))))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
      (local.set $sum (f64.add (local.get $sum) (f64.load (local.get $p))))
      (local.set $p (i32.add (local.get $p) (i32.const 8)))
      (br $next)))
    (local.get $sum))
  (func (export "characters") (param i32) (result i64) (i64.load32_u offset=12 (local.get 0)))
  (func (export "no_object") (result i32) (i32.const 0x7ffffff0))
"""
EXPORTS = {
    "add": ("a: Int, b: Int", "Int"),
    "divide": ("a: Int, b: Int", "Int"),
    "mix": ("a: Int, b: Float, c: Bool", "Float"),
    "not": ("a: Bool", "Bool"),
    "nothing": ("", "Nil"),
    "seven": ("", "Int"),
    "after_nil": ("a: Nil, b: Int", "Int"),
    "greet": ("", "Nil"),
    "greet_and_panic": ("", "Nil"),
    "leave": ("", "Nil"),
    "spin": ("", "Nil"),
    "depth": ("n: Int", "Int"),
    "sum": ("xs: [Float]", "Float"),
    "characters": ("s: String", "Int"),
    "no_object": ("", "String"),
    **{
        f"same_{name}": (f"x: {kind}", kind)
        for name, kind in {
            "text": "String",
            "ints": "[Int]",
            "floats": "[Float]",
            "bools": "[Bool]",
            "texts": "[String]",
            "rows": "[[Int]]",
            "deep": "[[[String]]]",
        }.items()
    },
    "second": ("x: [Int], y: String", "String"),
}


def make(**options) -> Instance:
    compiled = artifact(BODY, imports=("write", "panic", "exit"), exports=EXPORTS, entry=None)
    for name, entry in compiled.manifest["exports"].items():
        if name.startswith("same_"):
            entry["symbol"] = "same"
    limits = options.pop("limits", Limits())
    return Instance(compiled, limits, **options)


@pytest.fixture
def inst() -> Instance:
    return make(stdout=io.StringIO())


# Scalars


def test_scalars_go_both_ways(inst):
    assert inst.add(2, 3) == 5
    assert inst.add(-(1 << 63), (1 << 63) - 1) == -1
    assert inst.mix(2, 0.5, True) == 2.5
    assert inst.mix(2, 0.5, False) == -1
    assert inst.nothing() is None
    assert inst.seven() == 7
    assert inst["not"](True) is False
    assert inst["not"](False) is True


def test_float_takes_an_int(inst):
    result = inst.mix(1, 2, True)
    assert (result, type(result)) == (3.0, float)


def test_special_floats_pass(inst):
    assert math.isnan(inst.mix(0, math.nan, True))
    assert inst.mix(0, math.inf, True) == math.inf
    assert inst.mix(0, 5e-324, True) == 5e-324


def test_nil_is_none_and_takes_no_slot(inst):
    assert inst.after_nil(None, 4) == 4
    with pytest.raises(TypeError, match=r"argument a: expected Nil \(None\), got int 0"):
        inst.after_nil(0, 4)


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("add", (1,), r"^add\(a: Int, b: Int\) -> Int: takes 2 arguments, 1 given$"),
        ("add", (), "takes 2 arguments, 0 given"),
        ("add", (1, 2, 3), "takes 2 arguments, 3 given"),
        ("seven", (1,), "takes 0 arguments, 1 given"),
        ("add", (1, True), r"^add\(a: Int, b: Int\) -> Int: argument b: expected Int, got bool True$"),
        ("add", (1.0, 2), "argument a: expected Int, got float 1.0"),
        ("add", ("1", 2), "argument a: expected Int, got str '1'"),
        ("add", (None, 2), "argument a: expected Int, got NoneType None"),
        ("mix", (1, "2", True), "argument b: expected Float"),
        ("mix", (1, True, True), "argument b: expected Float, got bool"),
        ("mix", (1, 2j, True), "argument b: expected Float"),
        ("mix", (1, 2.0, 1), "argument c: expected Bool, got int 1"),
    ],
)
def test_wrong_arguments_are_type_errors_that_show_the_signature(inst, name, args, message):
    with pytest.raises(TypeError, match=message):
        getattr(inst, name)(*args)


@pytest.mark.parametrize("value", [1 << 63, -(1 << 63) - 1, 1 << 100])
def test_an_int_beyond_64_bits_is_refused(inst, value):
    with pytest.raises(OverflowError, match="argument b: .*does not fit 64 bits"):
        inst.add(1, value)
    assert inst.add(1, 1) == 2


def test_an_int_beyond_every_float_is_refused(inst):
    with pytest.raises(OverflowError, match="argument b"):
        inst.mix(1, 10**400, True)


def test_objects_that_are_whole_numbers_count_as_int(inst):
    class Number:
        def __index__(self) -> int:
            return 40

    assert inst.add(Number(), 2) == 42


def test_an_unknown_function_names_the_nearest(inst):
    with pytest.raises(AttributeError, match="no function 'devide'; did you mean 'divide'"):
        inst.devide(1, 2)
    assert not hasattr(inst, "entirely_different")


def test_functions_can_be_listed_and_read_about(inst):
    assert "add" in dir(inst)
    assert inst.add.__doc__.startswith("add(a: Int, b: Int) -> Int")
    assert "divide(a: Int, b: Int) -> Int" in repr(inst)
    assert inst.add is inst.add


# Objects


@pytest.mark.parametrize("text", ["", "plain", "größe", "a😀b", "nul\0inside", "x" * 100_000])
def test_strings_go_both_ways(inst, text):
    assert inst.same_text(text) == text
    assert inst.characters(text) == len(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ints", []),
        ("ints", [1, -2, (1 << 63) - 1, -(1 << 63)]),
        ("floats", [0.5, -0.0, math.inf]),
        ("bools", [True, False, True]),
        ("texts", ["", "ä", "longer than eight bytes"]),
        ("rows", [[1, 2], [], [3]]),
        ("rows", []),
        ("deep", [[["a"], []], [], [["b", "c"]]]),
    ],
)
def test_arrays_go_both_ways(inst, name, value):
    result = inst[f"same_{name}"](value)
    assert result == value
    assert [type(item) for item in result] == [type(item) for item in value]
    assert inst[f"same_{name}"](tuple(value)) == value


def test_float_arrays_take_ints(inst):
    assert inst.same_floats([1, 2.5]) == [1.0, 2.5]
    assert type(inst.same_floats([1, 2])[0]) is float


def test_objects_next_to_each_other_do_not_overlap(inst):
    assert inst.second([1] * 1001, "text") == "text"


def test_objects_are_laid_out_as_the_manual_says(inst):
    inst.same_rows([[7, 8], []])
    words = inst._shared.guest.host.memory[1024 : 1024 + 120].cast("I").tolist()
    array, data, addresses = (layout.MEMBER | t for t in (layout.TYPE_ARRAY, layout.TYPE_DATA, layout.TYPE_DATA_REFS))
    assert words[0:2] == [layout.TYPE_ARENA, 120]  # the block that the host asked for
    assert words[2:8] == [array, 24, 2, 2, 1032 + 32, 0]  # the outer array, its elements in the next object
    assert words[8:12] == [addresses, 16, 1032 + 40, 1032 + 88]
    assert words[12:18] == [array, 24, 2, 2, 1032 + 72, 0]
    assert words[18:24] == [data, 24, 7, 0, 8, 0]
    assert words[24:30] == [array, 24, 0, 0, 0, 0]  # an empty array has no data


def test_strings_are_laid_out_as_the_manual_says(inst):
    inst.same_text("née")
    memory = inst._shared.guest.host.memory[1032:1072]
    words = memory.cast("I").tolist()
    assert words[0:6] == [layout.MEMBER | layout.TYPE_STRING, 24, 4, 3, 1032 + 36, 1032 + 24]
    assert words[6:9] == [layout.MEMBER | layout.TYPE_BUFFER, 16, 4]
    assert memory[36:40] == "née".encode()


BUFFERS = [
    ("floats", array("d", [1.5, 2.5]), [1.5, 2.5]),
    ("floats", array("f", [1.5, 2.5]), [1.5, 2.5]),
    ("floats", array("i", [1, 2]), [1.0, 2.0]),
    ("ints", array("q", [1, -2]), [1, -2]),
    ("ints", array("l", [1, -2]), [1, -2]),
    ("ints", array("b", [1, -2]), [1, -2]),
    ("ints", bytes([1, 255]), [1, 255]),
    ("ints", memoryview(array("q", range(6)))[::2], [0, 2, 4]),
    ("ints", memoryview(array("i", range(6)))[::-2], [5, 3, 1]),
    ("ints", (ctypes.c_int64 * 2)(3, 4), [3, 4]),
    ("ints", (ctypes.c_int16 * 2)(3, -4), [3, -4]),
    ("floats", (ctypes.c_double * 2)(3, 4), [3.0, 4.0]),
    ("bools", (ctypes.c_bool * 2)(True, False), [True, False]),
    ("bools", memoryview(bytes([1, 0])).cast("?"), [True, False]),
    ("rows", memoryview(array("q", range(6))).cast("B").cast("q", (2, 3)), [[0, 1, 2], [3, 4, 5]]),
    ("rows", [array("q", [1]), array("i", [2])], [[1], [2]]),
]


@pytest.mark.parametrize(("name", "value", "expected"), BUFFERS)
def test_buffers_are_arrays(inst, name, value, expected):
    assert inst[f"same_{name}"](value) == expected


def test_an_argument_array_is_a_copy(inst):
    numbers = array("d", [1.0, 2.0])
    assert inst.sum(numbers) == 3.0
    assert numbers.tolist() == [1.0, 2.0]


def test_a_large_block_makes_the_memory_grow(inst):
    numbers = array("d", range(200_000))
    assert inst.sum(numbers) == sum(numbers)
    assert inst.same_floats(numbers)[-1] == 199_999.0


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ints", [1, 2.0], r"argument x: element 1: expected Int, got float 2\.0"),
        ("ints", [1, True], "element 1: expected Int, got bool True"),
        ("ints", array("d", [1.0]), "expected .Int., got array with elements of format 'd'"),
        ("ints", "text", "expected .Int., got str 'text'"),
        ("ints", 5, "expected .Int., got int 5"),
        ("floats", b"12", "expected .Float., got bytes"),
        ("floats", ["x"], "element 0: expected Float, got str 'x'"),
        ("bools", [1], "element 0: expected Bool, got int 1"),
        ("bools", b"\1", "expected .Bool."),
        ("texts", ["a", 1], "element 1: expected String, got int 1"),
        ("texts", "ab", "expected .String., got str 'ab'"),
        ("rows", [[1], ["x"]], "element 1: element 0: expected Int"),
        ("rows", [1], "element 0: expected .Int., got int 1"),
        ("text", b"x", "argument x: expected String, got bytes"),
    ],
)
def test_wrong_objects_are_type_errors_that_say_where(inst, name, value, message):
    with pytest.raises(TypeError, match=message):
        inst[f"same_{name}"](value)


def test_elements_beyond_64_bits_are_refused(inst):
    with pytest.raises(OverflowError, match="argument x"):
        inst.same_ints([1 << 63])
    with pytest.raises(OverflowError, match="argument x"):
        inst.same_ints(array("Q", [1 << 63]))


def test_text_that_is_no_unicode_is_refused(inst):
    with pytest.raises(ValueError, match="argument x"):
        inst.same_text("\ud800")


def test_a_result_that_is_no_object_is_our_bug(inst):
    with pytest.raises(InternalError, match="no such object"):
        inst.no_object()


def test_no_memory_for_the_arguments_is_a_panic():
    inst = make(limits=Limits(max_memory_bytes=1 << 20))
    with pytest.raises(ProgramPanic, match="out of memory"):
        inst.sum(array("d", bytes(8 << 20)))
    assert inst.add(1, 2) == 3


# Failures


def test_an_instance_is_usable_after_a_panic(inst):
    for _ in range(3):
        with pytest.raises(ProgramPanic, match="division by zero"):
            inst.divide(1, 0)
        assert inst.divide(7, 2) == 3


def test_output_before_a_panic_arrives():
    out = io.StringIO()
    inst = make(stdout=out)
    with pytest.raises(ProgramPanic, match="index out of range") as caught:
        inst.greet_and_panic()
    assert (out.getvalue(), str(caught.value.location)) == ("hello\n", "main.tova:3:9")


def test_output_arrives_after_each_call(capsys):
    inst = make()
    inst.greet()
    assert capsys.readouterr().out == "hello\n"


def test_an_exception_in_the_stream_reaches_the_caller(inst):
    class Broken:
        def write(self, _text: str) -> None:
            raise KeyError("from the stream")

    broken = make(stdout=Broken())
    with pytest.raises(KeyError, match="from the stream"):
        broken.greet()
    assert broken.add(1, 1) == 2


def test_exit_is_an_exception_with_the_code(inst):
    with pytest.raises(ProgramExit) as caught:
        inst.leave()
    assert caught.value.code == 4


def test_recursion_within_the_callers_stack(inst):
    assert inst.depth(10_000) == 10_000
    with pytest.raises(ProgramPanic, match="stack overflow"):
        inst.depth(100_000_000)
    assert inst.depth(10_000) == 10_000


def test_a_time_limit_counts_for_each_call():
    inst = make(limits=Limits(timeout_seconds=0.1))
    for _ in range(2):
        assert inst.add(1, 2) == 3
        with pytest.raises(TimeLimit):
            inst.spin()


def test_a_closed_instance_refuses_calls(inst):
    add = inst.add
    with inst:
        pass
    inst.close()
    for call in (lambda: add(1, 2), lambda: inst.seven(), lambda: inst.mix(1, 2.0, True), lambda: inst.sum([1.0])):
        with pytest.raises(RuntimeError, match="closed"):
            call()


def test_a_function_outlives_its_instance():
    add = make().add
    gc.collect()
    assert add(20, 22) == 42


def test_instances_do_not_share_memory():
    one, two = make(), make()
    one.same_text("first")
    assert one._shared.guest.host.memory[1068:1073] == b"first"
    assert two._shared.guest.host.memory[1060:1065] != b"first"


def test_threads_may_call_one_instance(inst):
    results: list[int] = []
    threads = [
        threading.Thread(target=lambda start=start: results.extend(inst.add(start, i) for i in range(500)))
        for start in (0, 10_000, 20_000)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [start + i for start in (0, 10_000, 20_000) for i in range(500)]
