"""Lowered programs do what the typed ops say: run on the reference interpreter."""

from __future__ import annotations

import ctypes
import itertools
import math

import pytest
from lowering_harness import ARRAYS, OUT_OF_RANGE, add_heap_meter, lower, output, run

INT_MAX, INT_MIN = (1 << 63) - 1, -(1 << 63)

#: Element type, two different values as components.
ELEMENTS = [
    ("i64", (5,), (INT_MIN,)),
    ("f64", (0.5,), (-0.0,)),
    ("bool", (True,), (False,)),
    ("string", (1000,), (2000,)),
    ("array<i64>", (1000,), (0,)),
    ("opt<i64>", (True, 7), (False, 0)),
    ("opt<bool>", (True, False), (False, False)),
    ("opt<string>", (1000,), (0,)),
    ("opt<nil>", (True,), (False,)),
    ("opt<opt<f64>>", (True, True, 1.5), (True, False, 0.0)),
    ("nil", (), ()),
]


@pytest.fixture(scope="module", params=ELEMENTS, ids=[element[0] for element in ELEMENTS])
def arrays(request):
    element, x, y = request.param
    return lower(ARRAYS.replace("T", element)), x, y


def test_elements_come_back_as_they_were_stored(arrays):
    module, x, y = arrays
    for index in range(20):
        assert run(module, "get", *x, *y, 10, index) == (x, y)[index % 2]
        assert run(module, "get_nonneg", *x, *y, 10, index) == (x, y)[index % 2]


def test_negative_indexes_count_from_the_end(arrays):
    module, x, y = arrays
    assert run(module, "get", *x, *y, 10, -1) == y
    assert run(module, "get", *x, *y, 10, -20) == x
    assert run(module, "last", *x, *y, 10) == y
    assert run(module, "first", *x, *y, 10) == x
    assert run(module, "set", *x, *y, 3, -2, 4) == y
    assert run(module, "set", *x, *y, 3, 4, -2) == y
    assert run(module, "set", *x, *y, 3, 4, 3) == x


@pytest.mark.parametrize("index", [20, -21, INT_MAX, INT_MIN, 1 << 32, -(1 << 32)])
def test_indexes_out_of_range_panic(arrays, index):
    module, x, y = arrays
    assert run(module, "get", *x, *y, 10, index) == OUT_OF_RANGE
    assert run(module, "get_nonneg", *x, *y, 10, index) == OUT_OF_RANGE
    assert run(module, "set", *x, *y, 10, index, 0) == OUT_OF_RANGE


def test_no_element_of_an_empty_array_is_in_range(arrays):
    module, x, y = arrays
    for name in ("first", "last"):
        assert run(module, name, *x, *y, 0) == OUT_OF_RANGE


def test_fill_writes_its_range_and_nothing_beside_it(arrays):
    module, x, y = arrays
    for index in range(10):
        assert run(module, "filled", *x, *y, 5, index) == (x if index in (0, 9) else y)


def test_copy_moves_a_range(arrays):
    module, x, y = arrays
    assert [run(module, "copied", *x, *y, 2, index) for index in range(4)] == [y, x, y, x]


def test_capacity_at_least_doubles(arrays):
    module, x, y = arrays
    capacities = [run(module, "capacity", *x, *y, n)[0] for n in range(40)]
    grown = [b / a for a, b in itertools.pairwise(capacities[1:]) if a != b]
    assert capacities[0] == 0
    assert all(factor >= 2 for factor in grown)


NEW = """
func @new(%n: i64) -> i64 {
^entry:
  %a: array<i64> = data.array_new %n
  %c: i64 = data.array_cap %a
  ret %c
}
func @reserve(%n: i64) -> i64 {
^entry:
  %zero: i64 = i64.const 0
  %a: array<i64> = data.array_new %zero
  data.array_reserve %a, %n
  %c: i64 = data.array_cap %a
  ret %c
}
func @literal() -> i64 {
^entry:
  %n: i64 = i64.const 3
  %a: array<i64> = data.array_new %n
  %c: i64 = data.array_cap %a
  ret %c
}
func @negative() -> i64 {
^entry:
  %n: i64 = i64.const -3
  %a: array<i64> = data.array_new %n
  %c: i64 = data.array_cap %a
  ret %c
}
"""
TOO_LARGE = ("panic", "array is too large")


#: What the tables of the heap and the shadow stack take before the first block.
STATIC_PAGES = 23


@pytest.mark.parametrize("name", ["new", "reserve"])
def test_impossible_capacities_panic(name):
    module = lower(NEW)
    assert run(module, name, 1000) == (1000,)
    for capacity in (INT_MAX, 1 << 61, 1 << 32, 1 << 28):
        assert run(module, name, capacity) == TOO_LARGE
    assert run(module, name, 1 << 27, max_pages=100) == ("panic", "out of memory")
    assert run(module, name, 100_000, max_pages=STATIC_PAGES + 13) == (100_000,)  # not 16 more


def test_negative_capacities_panic_and_negative_reserves_do_nothing():
    module = lower(NEW)
    assert run(module, "new", -1) == run(module, "new", INT_MIN) == run(module, "negative") == TOO_LARGE
    assert run(module, "reserve", -1) == (0,)
    assert run(module, "literal") == (3,)


def test_a_large_array_gets_longer_where_it_is_and_what_it_grew_out_of_is_free_at_once():
    module = lower(ARRAYS.replace("T", "i64"))
    elements = run(module, "capacity", 1, 2, 20_000)[0] * 8
    taken, used = run(module, add_heap_meter(module, "make"), 1, 2, 20_000)
    assert elements < taken < 2 * elements - (1 << 16)  # moving each time takes twice as much
    small_blocks = 14 << 15  # one for each size up to 16 KiB
    assert used <= elements + (1 << 15) + small_blocks


STRINGS = """
func @repeat(%n: i64) {
^entry:
  %s: string = call @build %n
  data.write %s
  ret
}
func @build(%n: i64) -> string {
^entry:
  %zero: i64 = i64.const 0
  %one: i64 = i64.const 1
  %start: string = data.string "<"
  br ^loop(%start, %zero)
^loop(%s: string, %i: i64):
  %go_on: bool = i64.lt_s %i, %n
  cond_br %go_on, ^body, ^done
^body:
  %x: string = data.string "é"
  %bytes: i64 = data.string_bytes %x
  %at: i64 = data.string_bytes %s
  %t: string = data.string_extend %s, %bytes, %one
  data.string_copy %t, %at, %x, %zero, %bytes
  %next: i64 = i64.add %i, %one
  br ^loop(%t, %next)
^done:
  ret %s
}
func @append(%s: string, %piece: string) -> string {
^entry:
  %zero: i64 = i64.const 0
  %at: i64 = data.string_bytes %s
  %bytes: i64 = data.string_bytes %piece
  %chars: i64 = data.string_len %piece
  %t: string = data.string_extend %s, %bytes, %chars
  data.string_copy %t, %at, %piece, %zero, %bytes
  ret %t
}
func @branches() {
^entry:
  %a: string = data.string "a"
  %b: string = data.string "b"
  %c: string = data.string "c"
  %ab: string = call @append %a, %b
  %abb: string = call @append %ab, %b
  %abc: string = call @append %ab, %c
  %twice: string = call @append %abc, %abc
  data.write %ab
  data.write %abb
  data.write %abc
  data.write %twice
  ret
}
func @view() -> (i64, i64, i64, i64) {
^entry:
  %one: i64 = i64.const 1
  %two: i64 = i64.const 2
  %three: i64 = i64.const 3
  %s: string = data.string "aéb"
  %v: string = data.string_view %s, %one, %three, %two
  data.write %v
  %bytes: i64 = data.string_bytes %v
  %chars: i64 = data.string_len %v
  %byte: i64 = data.string_byte %v, %two
  %copy: string = call @append %v, %v
  data.write %copy
  %total: i64 = data.string_len %copy
  ret %bytes, %chars, %byte, %total
}
func @new(%n: i64) {
^entry:
  %zero: i64 = i64.const 0
  %one: i64 = i64.const 1
  %s: string = data.string_new %n, %n
  br ^loop(%zero)
^loop(%i: i64):
  %go_on: bool = i64.lt_s %i, %n
  cond_br %go_on, ^body, ^done
^body:
  %base: i64 = i64.const 97
  %byte: i64 = i64.add %base, %i
  data.string_set_byte %s, %i, %byte
  %next: i64 = i64.add %i, %one
  br ^loop(%next)
^done:
  data.write %s
  ret
}
func @copy(%at: i64, %from: i64, %count: i64) {
^entry:
  %size: i64 = i64.const 100
  %dot: i64 = i64.const 46
  %zero: i64 = i64.const 0
  %one: i64 = i64.const 1
  %s: string = data.string_new %size, %size
  br ^loop(%zero)
^loop(%i: i64):
  %go_on: bool = i64.lt_s %i, %size
  cond_br %go_on, ^body, ^done
^body:
  data.string_set_byte %s, %i, %dot
  %next: i64 = i64.add %i, %one
  br ^loop(%next)
^done:
  %alphabet: string = data.string "ALPHABET"
  data.string_copy %s, %at, %alphabet, %from, %count
  data.write %s
  ret
}
func @words(%i: i64) -> i64 {
^entry:
  %s: string = data.string "0123456789"
  %w: i64 = data.string_words %s, %i
  ret %w
}
func @set_words(%w: i64) {
^entry:
  %size: i64 = i64.const 9
  %at: i64 = i64.const 1
  %s: string = data.string_new %size, %size
  %zero: i64 = i64.const 0
  %dot: i64 = i64.const 46
  data.string_set_byte %s, %zero, %dot
  data.string_set_words %s, %at, %w
  data.write %s
  ret
}
func @extend(%n: i64) -> i64 {
^entry:
  %s: string = data.string "abc"
  %t: string = data.string_extend %s, %n, %n
  %b: i64 = data.string_bytes %t
  ret %b
}
"""
ALPHABET = "".join(chr(33 + i) for i in range(90)).replace('"', " ").replace("\\", " ").encode()


@pytest.fixture(scope="module")
def strings():
    return lower(STRINGS.replace("ALPHABET", ALPHABET.decode()))


def test_growing_a_string_is_linear(strings):
    assert output(strings, "repeat", 300) == ("<" + "é" * 300).encode()
    meter = add_heap_meter(strings, "build")
    taken = run(strings, meter, 10_000)[0]
    # A String object for each round, buffers of twice the size before, what is left of a block of each class
    assert taken < 10_000 * 24 + 10_000 * 2 * 8 + (30 << 15)


def test_appending_twice_to_one_string_gives_two_strings(strings):
    assert output(strings, "branches") == b"ab" + b"abb" + b"abc" + b"abcabc"


def test_eight_bytes_are_filled_in_at_once(strings):
    assert output(strings, "set_words", int.from_bytes(b"abcdefgh", "little")) == b".abcdefgh"


def test_views_share_and_know_their_size(strings):
    assert run(strings, "view") == (3, 2, ord("b"), 4)
    assert output(strings, "view") == "éb".encode() + "ébéb".encode()


def test_new_strings_are_filled_byte_by_byte(strings):
    assert output(strings, "new", 0) == b""
    assert output(strings, "new", 26) == b"abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize("count", [*range(20), 63, 64, 65, 90])
def test_copy_writes_just_what_it_should(strings, count):
    for at, start in ((0, 0), (3, 0), (5, 7)):
        count = min(count, 90 - start)
        expected = b"." * at + ALPHABET[start : start + count] + b"." * (100 - at - count)
        assert output(strings, "copy", at, start, count) == expected


def test_words_are_little_endian(strings):
    assert run(strings, "words", 2) == (int.from_bytes(b"23456789", "little"),)


def test_strings_too_large_panic(strings):
    for size in (-1, INT_MIN, 1 << 31, INT_MAX):
        assert run(strings, "new", size) == ("panic", "string is too large")
    for size in (-4, INT_MIN, 1 << 31, INT_MAX):
        assert run(strings, "extend", size) == ("panic", "string is too large")
    assert run(strings, "extend", 1 << 29, max_pages=100) == ("panic", "out of memory")


OPTIONALS = """
global @g: opt<i64> = 0
func @half(%n: i64) -> opt<i64> {
^entry:
  %two: i64 = i64.const 2
  %rest: i64 = i64.rem_s %n, %two
  %zero: i64 = i64.const 0
  %even: bool = i64.eq %rest, %zero
  %none: opt<i64> = data.opt_none
  cond_br %even, ^some, ^join(%none)
^some:
  %h: i64 = i64.div_s %n, %two
  %some: opt<i64> = data.opt_some %h
  br ^join(%some)
^join(%o: opt<i64>):
  ret %o
}
func @half_or(%n: i64, %default: i64) -> i64 {
^entry:
  %o: opt<i64> = call @half %n
  global.set @g %o
  %has: bool = data.opt_has %o
  cond_br %has, ^yes, ^no
^yes:
  %p: opt<i64> = global.get @g
  %v: i64 = data.opt_get %p
  ret %v
^no:
  ret %default
}
func @nested(%n: i64) -> opt<opt<i64>> {
^entry:
  %o: opt<i64> = call @half %n
  %oo: opt<opt<i64>> = data.opt_some %o
  ret %oo
}
func @text(%c: bool) -> bool {
^entry:
  %s: string = data.string "x"
  %some: opt<string> = data.opt_some %s
  %none: opt<string> = data.opt_none
  %o: opt<string> = select %c, %some, %none
  %has: bool = data.opt_has %o
  ret %has
}
func @choose(%c: bool, %a: opt<f64>, %b: opt<f64>) -> opt<f64> {
^entry:
  %o: opt<f64> = select %c, %a, %b
  ret %o
}
func @nothing(%x: nil, %a: i64, %y: nil) -> nil {
^entry:
  %n: nil = data.nil
  br ^next(%n, %a)
^next(%m: nil, %b: i64):
  %r: nil = call @nothing_else %m, %b
  ret %r
}
func @nothing_else(%x: nil, %a: i64) -> nil {
^entry:
  ret %x
}
"""


def test_optionals_pass_through_calls_blocks_and_globals():
    module = lower(OPTIONALS)
    assert run(module, "half", 8) == (True, 4)
    assert run(module, "half", 7) == (False, 0)
    assert run(module, "half_or", 8, -1) == (4,)
    assert run(module, "half_or", 7, -1) == (-1,)
    assert run(module, "nested", 8) == (True, True, 4)
    assert run(module, "nested", 7) == (True, False, 0)
    assert run(module, "text", True) == (True,)
    assert run(module, "text", False) == (False,)
    assert run(module, "choose", True, False, 0.0, True, 2.0) == (False, 0.0)
    assert run(module, "nothing", 1) == ()


CLOSURES = """
closure @scale tag 0 (f64, i64, opt<bool>, cell<i64>)
closure @plain tag 1 ()
closure @shift tag 2 (nil, i64)
func @apply(%f: fn<plain, scale, shift>, %x: i64) -> i64 {
^entry:
  %tag: i64 = data.closure_tag %f
  switch %tag {cases=[0, 1, 2]} ^scale, ^plain, ^shift, ^never
^scale:
  %k: i64 = data.closure_capture @scale %f {index=1}
  %c: cell<i64> = data.closure_capture @scale %f {index=3}
  %count: i64 = data.cell_get %c
  %more: i64 = i64.add %count, %k
  data.cell_set %c, %more
  %r: i64 = i64.mul %x, %more
  ret %r
^plain:
  ret %x
^shift:
  %by: i64 = data.closure_capture @shift %f {index=1}
  %s: i64 = i64.add %x, %by
  ret %s
^never:
  unreachable
}
func @float(%f: fn<scale>) -> (i64, f64, opt<bool>) {
^entry:
  %t: i64 = data.closure_tag %f
  %x: f64 = data.closure_capture @scale %f {index=0}
  %o: opt<bool> = data.closure_capture @scale %f {index=2}
  ret %t, %x, %o
}
func @scale(%k: i64, %x: i64) -> (i64, i64, i64) {
^entry:
  %zero: i64 = i64.const 0
  %cell: cell<i64> = data.cell_new %zero
  %half: f64 = f64.const 0.5
  %yes: bool = bool.const true
  %o: opt<bool> = data.opt_some %yes
  %f: fn<plain, scale, shift> = data.closure @scale %half, %k, %o, %cell
  %a: i64 = call @apply %f, %x
  %b: i64 = call @apply %f, %x
  %n: i64 = data.cell_get %cell
  ret %a, %b, %n
}
func @captures() -> (i64, f64, opt<bool>) {
^entry:
  %zero: i64 = i64.const 0
  %cell: cell<i64> = data.cell_new %zero
  %half: f64 = f64.const 0.5
  %yes: bool = bool.const true
  %o: opt<bool> = data.opt_some %yes
  %f: fn<scale> = data.closure @scale %half, %zero, %o, %cell
  %t: i64, %x: f64, %p: opt<bool> = call @float %f
  ret %t, %x, %p
}
func @others(%x: i64) -> (i64, i64, bool, bool) {
^entry:
  %nil: nil = data.nil
  %f: fn<plain, scale, shift> = data.closure @plain
  %g: fn<plain, scale, shift> = data.closure @shift %nil, %x
  %a: i64 = call @apply %f, %x
  %b: i64 = call @apply %g, %x
  %same: bool = data.same %f, %f
  %other: bool = data.same %f, %g
  ret %a, %b, %same, %other
}
func @cells(%a: opt<i64>, %b: opt<i64>) -> (opt<i64>, opt<i64>) {
^entry:
  %c: cell<opt<i64>> = data.cell_new %a
  %x: opt<i64> = data.cell_get %c
  data.cell_set %c, %b
  %y: opt<i64> = data.cell_get %c
  ret %x, %y
}
"""


def test_closures_and_cells_hold_what_was_put_in():
    module = lower(CLOSURES)
    assert run(module, "scale", 3, 10) == (30, 60, 6)
    assert run(module, "captures") == (0, 0.5, True, True)
    assert run(module, "others", 21) == (21, 42, True, False)
    assert run(module, "cells", True, 5, False, 0) == (True, 5, False, 0)


def test_panics_and_output_take_constant_and_computed_text():
    module = lower("""
func @constant() {
^entry:
  %s: string = data.string "bad"
  data.panic %s
}
func @computed(%c: bool) {
^entry:
  %s: string = data.string "gut"
  %t: string = data.string "böse"
  %u: string = select %c, %s, %t
  data.write %u
  %one: i64 = i64.const 1
  %two: i64 = i64.const 2
  %v: string = data.string_view %u, %one, %two, %two
  data.panic %v
}
""")
    assert run(module, "constant") == ("panic", "bad")
    assert run(module, "computed", True) == ("panic", "ut")
    assert run(module, "computed", False) == ("panic", "ö")


FLAT = """
global @last: sum<case, case<i64, string>, case<f64>> = 0
func @make(%kind: i64, %n: i64, %x: f64) -> sum<case, case<i64, string>, case<f64>> {
^entry:
  switch %kind {cases=[0, 1]} ^none, ^pair, ^float
^none:
  %a: sum<case, case<i64, string>, case<f64>> = data.sum {case=0}
  br ^end(%a)
^pair:
  %s: string = data.string "pair"
  %b: sum<case, case<i64, string>, case<f64>> = data.sum %n, %s {case=1}
  br ^end(%b)
^float:
  %c: sum<case, case<i64, string>, case<f64>> = data.sum %x {case=2}
  br ^end(%c)
^end(%r: sum<case, case<i64, string>, case<f64>>):
  global.set @last %r
  ret %r
}
func @total(%kind: i64, %n: i64, %x: f64, %take: bool) -> (i64, i64, f64, i64) {
^entry:
  %made: sum<case, case<i64, string>, case<f64>> = call @make %kind, %n, %x
  %one: i64 = i64.const 1
  %zero: i64 = i64.const 0
  %list: array<sum<case, case<i64, string>, case<f64>>> = data.array_new %one
  %other: sum<case, case<i64, string>, case<f64>> = data.sum {case=0}
  %chosen: sum<case, case<i64, string>, case<f64>> = select %take, %made, %other
  data.array_put %list, %zero, %chosen
  %v: sum<case, case<i64, string>, case<f64>> = data.array_at %list, %zero
  %some: opt<sum<case, case<i64, string>, case<f64>>> = data.opt_some %v
  %w: sum<case, case<i64, string>, case<f64>> = data.opt_get %some
  %tag: i64 = data.sum_tag %w
  %i: i64 = data.sum_get %w {case=1, index=0}
  %f: f64 = data.sum_get %w {case=2, index=0}
  %from_global: sum<case, case<i64, string>, case<f64>> = global.get @last
  %global_tag: i64 = data.sum_tag %from_global
  ret %tag, %i, %f, %global_tag
}
func @text(%n: i64) {
^entry:
  %x: f64 = f64.const 0.0
  %kind: i64 = i64.const 1
  %made: sum<case, case<i64, string>, case<f64>> = call @make %kind, %n, %x
  %s: string = data.sum_get %made {case=1, index=1}
  data.write %s
  ret
}
func @swapped(%a: i64, %b: f64, %n: i64) -> tuple<f64, tuple<i64, bool>> {
^entry:
  %yes: bool = bool.const true
  %inner: tuple<i64, bool> = data.tuple %a, %yes
  %t: tuple<tuple<i64, bool>, f64> = data.tuple %inner, %b
  %first: tuple<i64, bool> = data.tuple_get %t {index=0}
  %second: f64 = data.tuple_get %t {index=1}
  %r: tuple<f64, tuple<i64, bool>> = data.tuple %second, %first
  ret %r
}
func @nothing() -> (i64, tuple<opt<string>, bool>) {
^entry:
  %z: tuple<i64, tuple<opt<string>, bool>> = data.zero
  %n: i64 = data.tuple_get %z {index=0}
  %t: tuple<opt<string>, bool> = data.tuple_get %z {index=1}
  ret %n, %t
}
"""


def test_sums_and_tuples_pass_through_calls_arrays_and_globals():
    module = lower(FLAT)
    assert run(module, "total", 0, 7, 0.5, True) == (0, 0, 0.0, 0)
    assert run(module, "total", 1, 7, 0.5, True) == (1, 7, 0.0, 1)
    assert run(module, "total", 2, 7, 0.5, True) == (2, 0, 0.5, 2)
    assert run(module, "total", 2, 7, 0.5, False) == (0, 0, 0.0, 2)
    assert output(module, "text", 3) == b"pair"
    assert run(module, "swapped", 1, 2.5, 3) == (2.5, 1, True)
    assert run(module, "nothing") == (0, 0, False)


OBJECTS = """
layout @Point tag 0 mutable (f64, bool, opt<i64>, string)
layout @Leaf tag 0 ()
layout @Node tag 1 (object, i64, object)
func @point(%x: f64, %n: i64) -> (f64, bool, opt<i64>, f64, bool) {
^entry:
  %no: bool = bool.const false
  %yes: bool = bool.const true
  %some: opt<i64> = data.opt_some %n
  %s: string = data.string "p"
  %p: object = data.object @Point %x, %no, %some, %s
  %q: object = data.object @Point %x, %no, %some, %s
  data.object_set @Point %p, %yes {index=1}
  %two: f64 = f64.const 2.0
  data.object_set @Point %q, %two {index=0}
  %a: f64 = data.object_get @Point %p {index=0}
  %b: bool = data.object_get @Point %p {index=1}
  %c: opt<i64> = data.object_get @Point %p {index=2}
  %t: string = data.object_get @Point %p {index=3}
  data.write %t
  %d: f64 = data.object_get @Point %q {index=0}
  %e: bool = data.same %p, %q
  ret %a, %b, %c, %d, %e
}
func @tree(%depth: i64) -> object {
^entry:
  %zero: i64 = i64.const 0
  %end: bool = i64.le_s %depth, %zero
  cond_br %end, ^leaf, ^node
^leaf:
  %l: object = data.object @Leaf
  ret %l
^node:
  %one: i64 = i64.const 1
  %less: i64 = i64.sub %depth, %one
  %a: object = call @tree %less
  %b: object = call @tree %less
  %n: object = data.object @Node %a, %depth, %b
  ret %n
}
func @sum(%t: object) -> i64 {
^entry:
  %tag: i64 = data.object_tag %t
  switch %tag {cases=[0]} ^leaf, ^node
^leaf:
  %one: i64 = i64.const 1
  ret %one
^node:
  %a: object = data.object_get @Node %t {index=0}
  %n: i64 = data.object_get @Node %t {index=1}
  %b: object = data.object_get @Node %t {index=2}
  %left: i64 = call @sum %a
  %right: i64 = call @sum %b
  %both: i64 = i64.add %left, %right
  %r: i64 = i64.add %both, %n
  ret %r
}
func @total(%depth: i64) -> i64 {
^entry:
  %t: object = call @tree %depth
  %r: i64 = call @sum %t
  ret %r
}
func @leaves() -> bool {
^entry:
  %a: object = data.object @Leaf
  %b: object = data.object @Leaf
  %same: bool = data.same %a, %b
  ret %same
}
"""


def test_objects_hold_what_was_put_in_and_know_their_case():
    module = lower(OBJECTS)
    assert run(module, "point", 1.5, 7) == (1.5, True, True, 7, 2.0, False)
    assert output(module, "point", 1.5, 7) == b"p"
    assert run(module, "total", 3) == (2**3 + 3 + 2 * 2 + 4 * 1,)
    assert run(module, "leaves") == (True,)


def test_an_object_takes_no_more_room_than_its_fields_and_a_header():
    module = lower(OBJECTS)
    assert sizes_in_headers(module, "tree") == [24]  # header, two addresses, an i64; leaves are there from the start
    assert sizes_in_headers(module, "point") == [32, 32]  # header, f64, i64, address, two bools


def sizes_in_headers(module, name):
    """Of each object that the function makes, the size that is written into its header."""
    stores = [op for op in module.functions[name].ops() if op.attrs.get("alias") == "header" and not op.results]
    return [op.operands[1].op.attrs["value"] >> 32 for op in stores]


NARROW = """
func @kept(%v: V, %w: V) -> (V, V, V) {
^entry:
  %n: i64 = i64.const 40
  %i: i64 = i64.const 1
  %j: i64 = i64.const 2
  %a: array<E> = data.array_new %n
  data.array_set_len %a, %n
  %zero: i64 = i64.const 0
  data.array_fill %a, %zero, %n, %w
  data.array_put %a, %i, %v
  %x: V = data.array_get %a, %i
  data.array_set %a, %zero, %x
  data.array_copy %a, %j, %a, %zero, %i
  %y: V = data.array_at %a, %j
  %last: i64 = i64.const -1
  %z: V = data.array_get %a, %last
  ret %x, %y, %z
}
"""


@pytest.mark.parametrize(
    ("element", "bits", "signed"),
    [(f"{sign}{bits}", bits, sign == "s") for sign in "us" for bits in (8, 16, 32)],
)
def test_narrow_integers_wrap_when_stored(element, bits, signed):
    module = lower(NARROW.replace("E", element).replace("V", "i64"))

    def wrapped(number):
        low = number & ((1 << bits) - 1)
        return low - (1 << bits) if signed and low >> (bits - 1) else low

    for v, w in itertools.permutations([0, 1, -1, 127, 128, 255, 256, -32769, 65535, 1 << 31, INT_MAX, INT_MIN], 2):
        assert run(module, "kept", v, w) == (wrapped(v), wrapped(v), wrapped(w))


def test_narrow_floats_are_rounded_when_stored():
    module = lower(NARROW.replace("E", "f32").replace("V", "f64"))
    for x in (0.1, -0.0, 1e300, -1e300, 3.4028235677973366e38, 1e-50, 0.5):
        rounded = nearest_f32(x)
        assert [math.copysign(1, v) for v in run(module, "kept", x, x)] == [math.copysign(1, rounded)] * 3
        assert run(module, "kept", x, x) == (rounded,) * 3


def nearest_f32(x):
    """The float of 32 bits nearest to `x`."""
    return ctypes.c_float(x).value


ASCII = """
func @f(%code: i64) -> (i64, i64) {
^entry:
  %s: string = data.string_ascii %code
  data.write %s
  %n: i64 = data.string_bytes %s
  %m: i64 = data.string_len %s
  ret %n, %m
}
"""


def test_strings_of_one_ascii_character_exist_already():
    module = lower(ASCII)
    for code in (0, 10, 65, 127):
        assert run(module, "f", code) == (1, 1)
        assert output(module, "f", code) == bytes([code])
    assert not any(name.startswith("rt-") for name in module.functions)  # nothing is allocated
    assert "ascii" not in lower(STRINGS.replace("ALPHABET", "x")).data
