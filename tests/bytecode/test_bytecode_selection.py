"""Which instructions ops become: comparisons in other words, parts of instructions, what falls through."""

from __future__ import annotations

import pytest
from test_bytecode_assemble import code_of
from test_bytecode_random import check
from wasmlathe.ir.parse import parse

NUMBERS = (-0x8001, -0x8000, -0x7FFF, -2, -1, 0, 1, 0x7FFE, 0x7FFF, 0x8000)
EDGES = (-(2**63), -0x8001, -0x8000, -1, 0, 1, 0x7FFF, 0x8000, 2**63 - 1)
OPERATIONS = ("gt_s", "gt_u", "le_s", "le_u", "lt_s", "ge_u", "sub")


def with_number(operation: str, number: int) -> str:
    """A function for each way in which the result of an op with a number is used."""
    if operation == "sub":
        return f"""
        func @f{number + 0x8001}(%x: i64) -> i64 {{
        ^entry:
          %n: i64 = i64.const {number}
          %r: i64 = i64.sub %x, %n
          ret %r
        }}
        """
    return f"""
    func @f{number + 0x8001}(%x: i64) -> i64 {{
    ^entry:
      %n: i64 = i64.const {number}
      %value: bool = i64.{operation} %x, %n
      %mirrored: bool = i64.{operation} %n, %x
      %ten: i64 = i64.const 10
      %one: i64 = i64.from_bool %value
      %two: i64 = select %mirrored, %ten, %n
      %sum: i64 = i64.add %one, %two
      %test: bool = i64.{operation} %x, %n
      cond_br %test, ^yes, ^no
    ^yes:
      %hundred: i64 = i64.const 100
      %more: i64 = i64.add %sum, %hundred
      ret %more
    ^no:
      ret %sum
    }}
    """


@pytest.mark.parametrize("operation", OPERATIONS)
def test_ops_with_numbers_at_the_ends_of_what_fits_mean_the_same(operation: str) -> None:
    functions = "".join(with_number(operation, number) for number in NUMBERS)
    module = parse(f'module "m" mem\n{functions}')
    check(module, [(name, [x]) for name in module.functions for x in EDGES])


def test_a_comparison_is_written_as_its_mirror_image_or_with_the_next_number() -> None:
    code = code_of("""
    module "m" mem
    func @f(%a: i64, %b: i64) -> bool {
    ^entry:
      %five: i64 = i64.const 5
      %last: i64 = i64.const -1
      %p: bool = i64.gt_s %a, %b
      %q: bool = i64.gt_s %a, %five
      %r: bool = i64.le_u %a, %five
      %s: bool = i64.gt_u %a, %last
      %pq: bool = bool.and %p, %q
      %rs: bool = bool.and %r, %s
      %all: bool = bool.and %pq, %rs
      ret %all
    }
    """)
    assert [line.split()[0] for line in code[:5]] == ["i64.lt_s", "i64.ge_s.imm", "i64.lt_u.imm", "const", "i64.lt_u"]


def test_an_i32_that_was_computed_is_its_own_extension() -> None:
    text = """
    module "m" mem
    func @f(%a: i32, %n: i32) -> i64 {
    ^entry:
      %x: i32 = mem.load_i32 %a {offset=8, alias="a"}
      %wide: i64 = i64.extend_i32_u %x
      %unknown: i64 = i64.extend_i32_u %n
      %sum: i64 = i64.mul %wide, %unknown
      ret %sum
    }
    """
    # What a caller passes may have anything in its upper half.
    assert code_of(text) == ["mem.load_i32 r0, r0, 8", "i64.extend_i32_u r1, r1", "i64.mul r0, r0, r1", "ret.value r0"]


def test_parameters_of_blocks_are_extensions_if_all_that_is_passed_is() -> None:
    text = """
    module "m" mem
    func @f(%a: i32, %n: i64) -> i64 {
    ^entry:
      %x: i32 = mem.load_i32 %a {offset=8, alias="a"}
      br ^loop(%x, %n)
    ^loop(%y: i32, %k: i64):
      %one: i32 = i32.const 1
      %z: i32 = i32.add %y, %one
      %wide: i64 = i64.extend_i32_u %y
      %next: i64 = i64.add %k, %wide
      %c: bool = i64.lt_s %next, %n
      cond_br %c, ^loop(ARG, %next), ^end
    ^end:
      ret %next
    }
    """
    assert not any("extend" in line for line in code_of(text.replace("ARG", "%z")))
    low = text.replace("cond_br", "%low: i32 = i32.wrap_i64 %next\n      cond_br").replace("ARG", "%low")
    assert any("i64.extend_i32_u" in line for line in code_of(low))


def test_a_choice_asks_its_own_question() -> None:
    code = code_of("""
    module "m" mem
    func @f(%a: i64, %b: i64) -> i64 {
    ^entry:
      %c: bool = i64.lt_s %a, %b
      %r: i64 = select %c, %a, %b
      ret %r
    }
    """)
    assert code == ["select[0:i64.lt_s] r0, r0, r1, r0, r1", "ret.value r0"]


def test_an_element_of_an_array_that_is_looked_up_for_it_is_one_instruction() -> None:
    code = code_of("""
    module "m" mem
    func @f(%a: i32, %i: i64) -> f64 {
    ^entry:
      %start: i32 = mem.load_i32 %a {offset=16, alias="a"}
      %three: i32 = i32.const 3
      %k: i32 = i32.wrap_i64 %i
      %s: i32 = i32.shl %k, %three
      %at: i32 = i32.add %start, %s
      %e: f64 = mem.load_f64 %at {offset=0, alias="e"}
      ret %e
    }
    """)
    assert code == ["mem.load_f64.element.loaded r0, r0, 16, r1, 3, 0", "ret.value r0"]


def test_what_is_not_cold_falls_through_with_what_it_passes() -> None:
    code = code_of("""
    module "m" mem
    func @f(%a: i64, %n: i64) -> i64 {
    ^entry:
      %c: bool = i64.lt_u %a, %n
      cond_br %c, ^good(%a), ^bad
    ^good(%i: i64):
      %one: i64 = i64.const 1
      %j: i64 = i64.add %i, %one
      %r: i64 = i64.mul %j, %a
      ret %r
    ^bad: cold
      %k: i64 = i64.add %a, %n
      br ^good(%k)
    }
    """)
    assert code[0].startswith("jump.i64.ge_u +")
    assert not any(line.startswith("jump ") for line in code[:5])
