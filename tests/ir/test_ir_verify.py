"""Every rule of the verifier, by IR that breaks it. What text can break too is in `cases/parse_errors.txt`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Block, Closure, DataSegment, Function, Global, Module, Op, Target
from wasmlathe.ir.ops import row_named
from wasmlathe.ir.parse import parse
from wasmlathe.ir.verify import InvalidIR, verify, verify_function, verify_or_raise

TEXT = """
global @g: i64 = 0
func @other(%x: i64) -> i64 {
^entry:
  ret %x
}
func @f(%a: i64, %c: bool) -> i64 {
^entry:
  %b: i64 = i64.add %a, %a
  cond_br %c, ^then, ^join(%b)
^then:
  %d: i64 = call @other %b
  br ^join(%d)
^join(%p: i64):
  ret %p
}
"""


@pytest.fixture
def module() -> Module:
    return parse(TEXT, default_stage="mem")


def function(module: Module) -> Function:
    return module.functions["f"]


def block(module: Module, name: str) -> Block:
    return next(b for b in function(module).blocks if b.name == name)


def op(module: Module, name: str) -> Op:
    return next(op for op in function(module).ops() if op.name == name)


def test_valid_ir_has_no_problems(module: Module) -> None:
    assert verify(module) == []
    verify_or_raise(module)


def break_stage(m: Module) -> None:
    m.stage = "machine"


def break_filing(m: Module) -> None:
    m.functions["g"] = m.functions.pop("other")


def break_module_link(m: Module) -> None:
    function(m).module = Module("another", "mem")
    function(m).module.functions = m.functions


def break_export(m: Module) -> None:
    for f in m.functions.values():
        f.exported = "same"


def break_global(m: Module) -> None:
    m.globals["g"].init = 1.5


def break_global_text(m: Module) -> None:
    m.globals["v"] = Global("v", t.V128, (1, 2))  # type: ignore[arg-type]


def break_alignment(m: Module) -> None:
    m.data["d"] = DataSegment("d", b"1234", 3)


def break_relocation(m: Module) -> None:
    m.data["d"] = DataSegment("d", b"1234")
    m.data["d"].relocations = [(2, "e", 0)]


def break_tags(m: Module) -> None:
    for name in ("k", "l"):
        m.closures[name] = Closure(name, 7, [])


def break_import(m: Module) -> None:
    m.functions["other"].attrs["import"] = ("env", "other")


def break_body(m: Module) -> None:
    m.functions["other"].blocks.clear()


def break_blocks(m: Module) -> None:
    function(m).blocks.append(block(m, "join"))


def break_results_kind(m: Module) -> None:
    m.functions["other"].results = [t.I64]  # type: ignore[assignment]


def break_inline(m: Module) -> None:
    function(m).attrs["inline"] = "sometimes"


def break_function_attr(m: Module) -> None:
    function(m).attrs["facts"] = {1, 2}


def break_entry_params(m: Module) -> None:
    function(m).entry.params.pop()


def break_block_link(m: Module) -> None:
    block(m, "then").function = m.functions["other"]


def break_param_owner(m: Module) -> None:
    block(m, "join").params[0].owner = block(m, "then")


def break_param_type(m: Module) -> None:
    block(m, "join").params[0].type = t.STRING


def break_empty(m: Module) -> None:
    block(m, "then").ops.clear()


def break_twice(m: Module) -> None:
    then = block(m, "then")
    then.ops.insert(0, then.ops[0])


def break_terminator(m: Module) -> None:
    block(m, "then").ops.pop()


def break_early_terminator(m: Module) -> None:
    then = block(m, "then")
    then.insert(0, Op(row_named("br"), [], (), {}, None, [Target(block(m, "join"), list(then.function.params[:1]))]))


def break_op_link(m: Module) -> None:
    op(m, "call").block = function(m).entry


def break_op_without_link(m: Module) -> None:
    block(m, "then").ops.insert(0, Op(row_named("mem.size"), [], (t.I32,)))


def break_family(m: Module) -> None:
    Builder(block(m, "then"), 0).emit("dyn.const", (), value=1)


def break_operand_type(m: Module) -> None:
    op(m, "i64.add").operands[1] = function(m).params[1]


def break_operand_count(m: Module) -> None:
    op(m, "i64.add").operands.pop()


def break_result_type(m: Module) -> None:
    op(m, "i64.add").results[0].type = t.F64


def break_result_count(m: Module) -> None:
    builder = Builder(block(m, "then"), 0)
    builder.insert(Op(row_named("global.get"), [], (), {"name": "g"}))


def break_result_owner(m: Module) -> None:
    op(m, "i64.add").results[0].owner = op(m, "call")


def break_missing_attr(m: Module) -> None:
    del op(m, "call").attrs["callee"]


def break_attr_kind(m: Module) -> None:
    Builder(block(m, "then"), 0).emit("i64.const", (), value=True)


def break_unknown_attr(m: Module) -> None:
    op(m, "call").attrs["calee"] = "other"


def break_target_count(m: Module) -> None:
    op(m, "cond_br").targets.pop()


def break_target_block(m: Module) -> None:
    op(m, "cond_br").targets[0].block = m.functions["other"].entry


def break_target_entry(m: Module) -> None:
    op(m, "cond_br").targets[0].block = function(m).entry


def break_target_args(m: Module) -> None:
    op(m, "cond_br").targets[1].args = [function(m).params[1]]


def break_callee(m: Module) -> None:
    del m.functions["other"]


def break_global_name(m: Module) -> None:
    Builder(block(m, "then"), 0).emit("global.set", function(m).params[:1], name="missing")


def break_data_name(m: Module) -> None:
    Builder(block(m, "then"), 0).emit("mem.data_addr", data="missing")


def break_ret(m: Module) -> None:
    op(m, "ret").operands = [function(m).params[1]]


def break_definition(m: Module) -> None:
    op(m, "ret").operands = list(m.functions["other"].params)


def break_order(m: Module) -> None:
    entry = function(m).entry
    entry.ops.insert(0, Op(row_named("i64.mul"), [entry.ops[0].result] * 2, (t.I64,)))
    entry.ops[0].block = entry


def break_dominance(m: Module) -> None:
    op(m, "ret").operands = op(m, "call").results


BROKEN: list[tuple[Callable[[Module], None], str]] = [
    (break_stage, "module: the stage 'machine' is none of hir, typed, mem"),
    (break_filing, "function @other: is filed under the name @g"),
    (break_module_link, "function @f: its `module` is another module"),
    (break_export, "function @f: exported as 'same', as @other is"),
    (break_global, "global @g: starts as 1.5, which is no i64"),
    (break_global_text, "global @v: starts as (1, 2), which has no textual form"),
    (break_alignment, "data @d: the alignment 3 is no power of two"),
    (break_relocation, "data @d: refers to @e, which is no data of the module"),
    (break_relocation, "data @d: the address at 2 lies outside of its 4 bytes"),
    (break_tags, "closure @l: has tag 7, as @k has"),
    (break_import, "function @other: an import has no body"),
    (break_body, "function @other: it has no blocks, and is no import"),
    (break_blocks, "function @f: a block is listed twice"),
    (break_results_kind, "function @other: its results are a list, not a tuple"),
    (break_inline, "function @f: inline is 'sometimes', none of always, never"),
    (break_function_attr, "function @f: the attribute 'facts' is {1, 2}, which has no textual form"),
    (break_entry_params, "function @f: the entry's parameters are (i64), the function's (i64, bool)"),
    (break_block_link, "function @f, block ^then: its `function` is another one"),
    (break_param_owner, "function @f, block ^join: the parameter %p:i64 has another owner"),
    (break_param_type, "function @f, block ^join: the type string is not allowed at stage mem, which has scalars only"),
    (break_empty, "function @f, block ^then: it is empty, and so has no terminator"),
    (break_twice, "function @f, block ^then: an op is listed twice"),
    (break_terminator, "block ^then, op `%d: i64 = call @other %b`: its last op is no terminator"),
    (break_early_terminator, "op `br ^join(%a)`: a terminator stands before the end of the block"),
    (break_op_link, "op `%d: i64 = call @other %b`: its `block` is another one"),
    (break_op_without_link, "function @f, block ^then, op `%0: i32 = mem.size`: its `block` is another one"),
    (break_family, "op `%0: dyn = dyn.const 1`: ops of the family 'dyn' are not allowed at stage mem"),
    (break_operand_type, "op `%b: i64 = i64.add %a, %c`: operand 1 is bool, not i64"),
    (break_operand_count, "op `%b: i64 = i64.add %a`: takes 2 operands, not 1"),
    (break_result_type, "op `%b: f64 = i64.add %a, %a`: its results are (f64), not (i64)"),
    (break_result_count, "op `global.get @g`: it has 0 results, not 1"),
    (break_result_owner, "op `%b: i64 = i64.add %a, %a`: the result %b:i64 has another owner"),
    (break_missing_attr, "op `%d: i64 = call %b`: the attribute 'callee' is missing"),
    (break_attr_kind, "op `%0: i64 = i64.const true`: the attribute 'value' is True, not an integer"),
    (break_unknown_attr, "op `%d: i64 = call @other %b {calee=\"other\"}`: it has no attribute 'calee'"),
    (break_target_count, "op `cond_br %c, ^then`: it has 1 targets, not 2"),
    (break_target_block, "op `cond_br %c, ^entry?, ^join(%b)`: the target ^entry is no block of the function"),
    (break_target_entry, "op `cond_br %c, ^entry, ^join(%b)`: the entry cannot be a target"),
    (break_target_args, "op `cond_br %c, ^then, ^join(%c)`: ^join takes (i64), not (bool)"),
    (break_callee, "op `%d: i64 = call @other %b`: calls @other, which the module does not have"),
    (break_global_name, "op `global.set @missing %a`: names @missing, which is no global of the module"),
    (break_data_name, "op `%0: i32 = mem.data_addr @missing`: names @missing, which is no data of the module"),
    (break_ret, "op `ret %c`: returns (bool), but the function's result is (i64)"),
    (break_definition, "op `ret %x?`: it uses %x, which no op or block of the function defines"),
    (break_order, "op `%0: i64 = i64.mul %b, %b`: it uses %b before its definition"),
    (break_dominance, "op `ret %d`: it uses %d, but its definition in ^then does not dominate the use"),
]


@pytest.mark.parametrize(("damage", "sentence"), BROKEN, ids=[f"{b.__name__}-{i}" for i, (b, _) in enumerate(BROKEN)])
def test_broken_ir_is_told(module: Module, damage: Callable[[Module], None], sentence: str) -> None:
    damage(module)
    said = [str(problem) for problem in verify(module)]
    assert any(sentence in text for text in said), "\n".join(said)


def test_invalid_ir_is_raised_with_all_problems(module: Module) -> None:
    break_ret(module)
    break_operand_type(module)
    with pytest.raises(InvalidIR) as caught:
        verify_or_raise(module)
    assert len(caught.value.problems) == 2


def test_unreachable_blocks_may_use_what_does_not_dominate_them(module: Module) -> None:
    dead = function(module).add_block("dead")
    Builder(dead).ret(op(module, "call").result)
    assert verify(module) == []


def test_one_function_is_verified_alone(module: Module) -> None:
    break_ret(module)
    assert verify_function(module.functions["other"]) == []
    assert len(verify_function(function(module))) == 1


def test_a_problem_names_its_op_and_block(module: Module) -> None:
    break_ret(module)
    (problem,) = verify(module)
    assert problem.subjects == (op(module, "ret"), block(module, "join"), function(module))


CLOSURES = """module "m" typed
closure @k tag 1 (i64, string)
func @f(%a: i64, %s: string, %c: fn<k>) -> i64 {
^entry:
  %new: fn<k> = data.closure @k %a, %s
  %x: i64 = data.closure_capture @k %c {index=0}
  %xs: array<i64> = data.array_new %x
  %n: opt<i64> = data.opt_none
  ret %x
}
"""


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("%a, %s\n", "%a\n", "captures (i64), but @k captures (i64, string)"),
        ("closure @k %a", "closure @q %a", "names @q, which is no closure of the module"),
        ("%new: fn<k>", "%new: i64", "its results are (i64), not (fn<...>)"),
        ("capture @k", "capture @q", "names @q, which is no closure of the module"),
        ("index=0", "index=2", "@k captures 2 values, so there is none at index 2"),
        ("index=0", "index=1", "its results are (i64), not (string)"),
        ("%xs: array<i64>", "%xs: i64", "its results are (i64), not (array<...>)"),
        ("%n: opt<i64>", "%n: i64", "its results are (i64), not (opt<...>)"),
    ],
)
def test_typed_ops_keep_to_the_module(old: str, new: str, sentence: str) -> None:
    assert verify(parse(CLOSURES)) == []
    said = [problem.message for problem in verify(parse(CLOSURES.replace(old, new), verified=False))]
    assert sentence in said


DATA = """module "m" typed
layout @P tag 0 (i64, string)
layout @Q tag 1 mutable (i64)
func @f(%a: i64, %s: string, %p: object, %bytes: array<u8>) -> i64 {
^entry:
  %t: tuple<i64, string> = data.tuple %a, %s
  %x: i64 = data.tuple_get %t {index=0}
  %u: sum<case, case<i64, string>> = data.sum %a, %s {case=1}
  %n: i64 = data.sum_tag %u
  %y: i64 = data.sum_get %u {case=1, index=0}
  %o: object = data.object @P %a, %s
  %z: string = data.object_get @P %o {index=1}
  data.object_set @Q %p, %a {index=0}
  %b: i64 = data.array_at %bytes, %a
  data.array_put %bytes, %a, %b
  ret %x
}
"""


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("tuple %a, %s", "tuple %a", "makes tuple<i64, string> of (i64)"),
        ("tuple_get %t", "tuple_get %a", "operand 0 is i64, not a tuple"),
        ("%t {index=0}", "%t {index=2}", "there are 2 parts, so there is none at index 2"),
        ("%t {index=0}", "%t {index=1}", "its results are (i64), not (string)"),
        ("%a, %s {case=1}", "%a, %s {case=2}", "there are 2 cases, so there is no case 2"),
        ("%a, %s {case=1}", "%a, %s {case=0}", "case 0 holds case, not (i64, string)"),
        ("sum_tag %u", "sum_tag %t", "operand 0 is tuple<i64, string>, not a sum"),
        ("sum_get %u {case=1", "sum_get %u {case=7", "there are 2 cases, so there is no case 7"),
        ("sum_get %u {case=1", "sum_get %u {case=0", "there are 0 parts, so there is none at index 0"),
        ("data.object @P %a, %s", "data.object @P %a", "@P holds (i64, string), not (i64)"),
        ("data.object @P", "data.object @R", "names @R, which is no layout of the module"),
        ("get @P %o {index=1", "get @P %o {index=0", "its results are (string), not (i64)"),
        ("@Q %p, %a", "@P %p, %a", "@P is not mutable"),
        ("@Q %p, %a", "@Q %p, %s", "field 0 of @Q is i64, not string"),
        ("@Q %p, %a {index=0", "@Q %p, %a {index=3", "@Q has 1 fields, so there is none at index 3"),
        ("%b: i64 = data.array_at", "%b: f64 = data.array_at", "its results are (f64), not (i64)"),
        ("array_put %bytes, %a, %b", "array_put %bytes, %a, %s", "operand 2 is string, not value<T>"),
    ],
)
def test_flat_values_and_objects_keep_to_their_types(old: str, new: str, sentence: str) -> None:
    assert verify(parse(DATA)) == []
    said = [problem.message for problem in verify(parse(DATA.replace(old, new), verified=False))]
    assert sentence in said


TYPES = """module "m" hir
type @T sum
case @T "A" ("x": none, "y": none)
case @T "B" ()
func @f(%a: dyn) -> dyn {
^entry:
  %v: dyn = dyn.construct %a, %a {type="T", case="A"}
  %c: bool = dyn.is_case %v {type="T", case="B"}
  %x: dyn = dyn.case_get %v {type="T", case="A", index=1}
  %r: dyn = dyn.record %a, %x {keys=["k", none]}
  ret %r
}
"""


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("@T sum", "@T record", "is a record, which has one case, not 2"),
        ('"B" ()', '"A" ()', "has two cases called 'A'"),
        ('"y": none', '"x": none', "has two fields called 'x' in the case 'A'"),
        ("construct %a, %a", "construct %a", "gives 1 fields, not 2"),
        ('%v {type="T", case="B"', '%v {type="U", case="B"', "names @U, which is no type of the module"),
        ('%v {type="T", case="B"', '%v {type="T", case="C"', "the type @T has no case 'C'"),
        ("index=1", "index=2", "there are 2 fields, so there is none at index 2"),
        ('["k", none]', '["k"]', "has 1 keys for 2 operands"),
        ('["k", none]', '["k", 1]', "keys are texts, or none where a record is spread"),
    ],
)
def test_declared_types_and_their_ops_fit(old: str, new: str, sentence: str) -> None:
    assert verify(parse(TYPES)) == []
    said = [problem.message for problem in verify(parse(TYPES.replace(old, new), verified=False))]
    assert sentence in said
