"""What a lowered module is made of: only what is used, under the names and facts of the typed one."""

from __future__ import annotations

import pytest
from lowering_harness import lower, run
from wasmlathe.ir import types as t
from wasmlathe.ir.core import Loc
from wasmlathe.ir.ops import STAGE_FAMILIES, TABLE
from wasmlathe.lower import layout
from wasmlathe.lower.lower_data import LOWERINGS
from wasmlathe.lower.representation import components, record, stride

ALLOCATES = """
func @f() -> array<i64> {
^entry:
  %n: i64 = i64.const 3
  %a: array<i64> = data.array_new %n
  ret %a
}
"""
COMPUTES = """
func @"f.1"(%n: i64, %unit: nil) -> nil export "f" source "f" inline "never" file "a.tova" !3:4 {
^entry:
  %x: i64 = i64.add %n, %n !4:5
  br ^next(%unit)
^next(%nothing: nil): cold
  ret %nothing
}
"""


def test_every_op_of_the_data_family_is_lowered():
    assert {name for name in TABLE if name.startswith("data.")} <= set(LOWERINGS)


def test_a_program_that_allocates_nothing_has_no_allocator():
    module = lower(COMPUTES)
    assert list(module.functions) == ["f.1"]
    assert not module.globals and not module.data


def test_a_program_that_allocates_has_what_it_calls():
    module = lower(ALLOCATES)
    assert {"f", "rt-new-56", "rt-refill", "rt-collect"} <= set(module.functions)
    assert not module.globals and next(iter(module.data)) == "rt-shadow"
    assert all(function.exported is None for function in module.functions.values())


def test_hosts_that_allocate_get_the_allocator():
    module = lower(COMPUTES, host_allocates=True)
    assert module.functions["rt-host-alloc"].exported == "__alloc"
    first, second = run(module, "rt-host-alloc", 8)[0], run(module, "rt-host-alloc", 1 << 20)[0]
    assert first == second and first % 8 == 0


def test_facts_about_functions_blocks_and_values_are_kept():
    function = lower(COMPUTES).functions["f.1"]
    assert (function.exported, function.source_name, function.attrs) == ("f", "f", {"inline": "never"})
    assert function.param_types == [t.I64] and function.results == ()
    assert function.loc == Loc("a.tova", 3, 4)
    entry, following = function.blocks
    assert [param.name for param in entry.params] == ["n"]
    assert entry.ops[0].loc == Loc("a.tova", 4, 5) and entry.ops[0].result.name == "x"
    assert (following.name, following.cold) == ("next", True)


def test_functions_of_the_program_may_be_called_as_those_of_the_runtime():
    module = lower(ALLOCATES + ALLOCATES.replace("@f", "@__alloc").replace("i64.const 3", "i64.const 5"))
    assert {"__alloc", "rt-refill"} <= set(module.functions)


def test_only_imports_that_are_called_are_kept():
    module = lower("""
import func @env.now() -> f64 from "env" "now" effects IO
import func @env.random() -> f64 from "env" "random" effects IO
func @f() -> f64 {
^entry:
  %s: string = data.string "x"
  data.write %s
  %t: f64 = call @env.now
  ret %t
}
""")
    imports = {name: function.attrs["import"] for name, function in module.functions.items() if function.is_import}
    assert imports == {"env.now": ("env", "now"), "env.write": ("env", "write")}
    assert module.functions["env.write"].param_types == [t.I32, t.I32]


def test_blocks_that_cannot_be_reached_are_dropped():
    module = lower("""
func @f() -> i64 {
^entry:
  %x: i64 = i64.const 1
  ret %x
^dead:
  %y: i64 = i64.const 2
  ret %y
}
""")
    assert [block.name for block in module.functions["f"].blocks] == ["entry"]


def test_definitions_may_stand_behind_their_uses_in_the_text():
    module = lower("""
func @f(%n: i64) -> i64 {
^entry:
  br ^second
^last:
  %sum: i64 = i64.add %n, %one
  ret %sum
^second:
  %one: i64 = i64.const 1
  br ^last
}
""")
    assert [block.name for block in module.functions["f"].blocks] == ["entry", "last", "second"]
    assert run(module, "f", 41) == (42,)


def test_only_mem_ops_are_left():
    module = lower(ALLOCATES)
    families = {op.row.family for function in module.functions.values() for op in function.ops()}
    assert families <= STAGE_FAMILIES["mem"]


@pytest.mark.parametrize(
    ("type_", "kinds", "offsets", "size"),
    [
        ("i64", ["i64"], [0], 8),
        ("bool", ["bool"], [0], 1),
        ("string", ["ref"], [0], 4),
        ("nil", [], [], 1),
        ("opt<string>", ["ref"], [0], 4),
        ("opt<nil>", ["bool"], [0], 1),
        ("opt<bool>", ["bool", "bool"], [0, 1], 2),
        ("opt<f64>", ["bool", "f64"], [8, 0], 16),
        ("opt<opt<array<i64>>>", ["bool", "ref"], [4, 0], 8),
        ("object", ["ref"], [0], 4),
        ("opt<object>", ["ref"], [0], 4),
        ("tuple", [], [], 1),
        ("tuple<bool, i64, tuple<string, bool>>", ["bool", "i64", "ref", "bool"], [12, 0, 8, 13], 16),
        ("opt<tuple<i64, bool>>", ["bool", "i64", "bool"], [8, 0, 9], 16),
        ("sum<case, case>", ["tag"], [0], 1),
        (
            "sum<case<i64, string>, case<f64>, case<string, string>>",
            ["tag", "ref", "ref", "i64", "f64"],
            [24, 16, 20, 0, 8],
            32,
        ),
        ("sum<case<sum<case, case<bool>>>, case<opt<bool>>>", ["tag", "bool", "bool", "tag"], [0, 1, 2, 3], 4),
    ],
)
def test_types_have_the_components_and_places_of_the_table(type_, kinds, offsets, size):
    parsed = t.parse(type_)
    assert [component.kind for component in components(parsed)] == kinds
    assert [field.offset for field in record((parsed,))] == offsets
    assert stride(parsed) == size


def test_a_type_that_is_not_of_typed_ir_has_no_representation():
    with pytest.raises(ValueError, match="dyn has no representation"):
        components(t.DYN)


def test_objects_are_multiples_of_the_alignment():
    for size in (layout.STRING_OBJECT_BYTES, layout.ARRAY_BYTES, layout.HEADER_BYTES, layout.MAX_OBJECT_BYTES):
        assert size % layout.ALIGNMENT == 0
