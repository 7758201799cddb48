"""mem IR to bytecode: which instructions, which registers, seen through the disassembler."""

from __future__ import annotations

from wasmlathe.bytecode.link import link
from wasmlathe.ir.parse import parse


def code_of(text: str, function: str = "f") -> list[str]:
    """The instructions of a function, without offsets."""
    module = parse(text)
    program = link(module, lambda f: not f.name.startswith("native"))
    assert not program.refused
    return [" ".join(line.split()[1:]).replace(" & ", " ") for line in program.text(function).splitlines()[1:]]


def test_a_comparison_that_decides_is_part_of_the_jump_and_small_constants_of_instructions() -> None:
    code = code_of("""
    module "m" mem
    func @f(%n: i64) -> i64 {
    ^entry:
      %two: i64 = i64.const 2
      %c: bool = i64.lt_s %n, %two
      cond_br %c, ^small, ^large
    ^small:
      ret %n
    ^large:
      %one: i64 = i64.const -1
      %m: i64 = i64.add %n, %one
      %x: i64 = call @f %m
      %y: i64 = i64.mul %x, %n
      ret %y
    }
    """)
    assert code == [
        "jump.i64.ge_s.imm +1, r0, 2",
        "ret.value r0",
        "i64.add.imm a0, r0, -1",
        "call @f",
        "i64.mul r0, a0, r0",
        "ret.value r0",
    ]


def test_a_loop_needs_no_moves() -> None:
    code = code_of("""
    module "m" mem
    func @f(%n: i64) -> i64 {
    ^entry:
      %zero: i64 = i64.const 0
      br ^loop(%zero, %zero)
    ^loop(%i: i64, %sum: i64):
      %one: i64 = i64.const 1
      %s: i64 = i64.add %sum, %i
      %j: i64 = i64.add %i, %one
      %c: bool = i64.lt_s %j, %n
      cond_br %c, ^loop(%j, %s), ^end
    ^end:
      ret %s
    }
    """)
    assert code == [
        "const r1, 0",
        "const r2, 0",
        "i64.add r2, r2, r1",
        "i64.add.imm r1, r1, 1",
        "jump.i64.lt_s -3, r1, r0",
        "ret.value r2",
    ]


def test_an_exchange_goes_through_a_third_register() -> None:
    code = code_of("""
    module "m" mem
    func @f(%a: i64, %b: i64, %n: i64) -> i64 {
    ^entry:
      br ^loop(%a, %b, %n)
    ^loop(%x: i64, %y: i64, %k: i64):
      %one: i64 = i64.const -1
      %j: i64 = i64.add %k, %one
      %zero: i64 = i64.const 0
      %c: bool = i64.gt_s %j, %zero
      cond_br %c, ^loop(%y, %x, %j), ^end
    ^end:
      %d: i64 = i64.sub %x, %y
      ret %d
    }
    """)
    moves = [line for line in code if line.startswith("move")]
    assert len(moves) == 3
    written = [line.split()[1].rstrip(",") for line in moves]
    assert len(set(written)) == 3


def test_large_constants_of_a_loop_are_made_once() -> None:
    code = code_of("""
    module "m" mem
    func @f(%n: i64) -> i64 {
    ^entry:
      br ^loop(%n)
    ^loop(%i: i64):
      %big: i64 = i64.const 5000000000
      %j: i64 = i64.mul %i, %big
      %zero: i64 = i64.const 0
      %c: bool = i64.lt_s %j, %zero
      cond_br %c, ^loop(%j), ^end
    ^end:
      ret %j
    }
    """)
    assert code[0] == "const.wide r1, 5000000000"
    assert code[1] == "i64.mul r0, r0, r1"


def test_results_have_registers_that_are_not_those_of_the_next_frame() -> None:
    code = code_of("""
    module "m" mem
    func @native() -> (i64, i64, i64) {
    ^entry:
      %a: i64 = i64.const 1
      ret %a, %a, %a
    }
    func @f() -> (i64, i64, i64) {
    ^entry:
      %x: i64, %y: i64, %z: i64 = call @native
      ret %z, %y, %x
    }
    """)
    # With a frame without registers r1 would be a0, and %x lost.
    assert code == ["native @native", "move r0, a2", "move r1, a1", "move r2, a0", "ret"]


def test_calls_of_compiled_functions_go_through_the_table() -> None:
    code = code_of("""
    module "m" mem
    func @native(%a: i64, %b: i64) -> (i64, i64) {
    ^entry:
      ret %b, %a
    }
    func @f(%n: i64) -> i64 {
    ^entry:
      %one: i64 = i64.const 1
      %x: i64, %y: i64 = call @native %n, %one
      %d: i64 = i64.sub %x, %y
      ret %d
    }
    """)
    assert code == ["const a1, 1", "move a0, r0", "native @native", "i64.sub r0, a0, a1", "ret.value r0"]


def test_a_switch_jumps_by_a_table_and_a_sparse_one_compares() -> None:
    dense = """
    module "m" mem
    func @f(%n: i64) -> i64 {
    ^entry:
      switch %n {cases=[CASES]} ^a, ^b, ^c, ^d, ^e
    ^a:
      ret %n
    ^b:
      ret %n
    ^c:
      ret %n
    ^d:
      ret %n
    ^e:
      ret %n
    }
    """
    code = code_of(dense.replace("CASES", "0, 1, 2, 3"))
    assert code[0].startswith("switch r0, +")
    sparse = code_of(dense.replace("CASES", "0, 100, 2000, 70000"))
    assert [line.split()[0] for line in sparse[:5]] == [
        "jump.i64.eq.imm",
        "jump.i64.eq.imm",
        "jump.i64.eq.imm",
        "const",
        "jump.i64.eq",
    ]


ELEMENT = """
    module "m" mem
    func @f(%a: i32, %i: i64, %x: f64) -> f64 {
    ^entry:
      %three: i32 = i32.const 3
      %k: i32 = i32.wrap_i64 %i
      %s: i32 = i32.shl %k, %three
      %at: i32 = i32.add %a, %s
      %e: f64 = mem.load_f64 %at {offset=16, alias="a"}
      MORE
      %p: f64 = f64.mul %e, %x
      %r: f64 = f64.add %x, %p
      ret %r
    }
    """


def test_what_is_needed_once_is_computed_by_what_needs_it() -> None:
    code = code_of(ELEMENT.replace("MORE", ""))
    assert code == ["mem.load_f64.element r0, r0, r1, 3, 16", "f64.add[1:f64.mul] r0, r2, r0, r2", "ret.value r0"]


def test_a_load_is_not_moved_behind_a_store() -> None:
    text = ELEMENT.replace("MORE", 'mem.store_f64 %a, %x {offset=0, alias="a"}').replace(
        "%p: f64 = f64.mul %e, %x", "%p: f64 = f64.mul %x, %e"
    )
    code = code_of(text)
    assert [line.split()[0] for line in code] == [
        "mem.load_f64.element",
        "mem.store_f64",
        "f64.add[1:f64.mul]",
        "ret.value",
    ]


def test_what_follows_without_a_dispatch_is_marked_and_a_jump_may_still_lead_there() -> None:
    module = parse("""
    module "m" mem
    func @f(%n: i64) -> i64 {
    ^entry:
      %zero: i64 = i64.const 0
      br ^loop(%zero)
    ^loop(%i: i64):
      %one: i64 = i64.const 1
      %j: i64 = i64.add %i, %one
      %c: bool = i64.lt_s %j, %n
      cond_br %c, ^loop(%j), ^end
    ^end:
      ret %j
    }
    """)
    lines = link(module, lambda _f: True).text("f").splitlines()
    assert [line.split()[1:3] for line in lines if "i64.add.imm" in line] == [["i64.add.imm", "&"]]
    assert any(line.split()[1] == "jump.i64.lt_s" for line in lines)


def test_a_function_with_too_many_registers_stays_compiled() -> None:
    loads = "\n".join(f"  %v{i}: i64 = call @native %a" for i in range(8300))
    sums = "\n".join(f"  %s{i + 1}: i64 = i64.add %s{i}, %v{i + 1}" for i in range(8299))
    module = parse(f"""
    module "m" mem
    func @native(%a: i64) -> i64 {{
    ^entry:
      ret %a
    }}
    func @f(%a: i64) -> i64 {{
    ^entry:
    {loads}
      %s0: i64 = i64.add %v0, %a
    {sums}
      ret %s8299
    }}
    """)
    program = link(module, lambda f: f.name == "f")
    assert program.refused == {"f": "it needs too many registers"}
    assert program.functions == {}


def test_a_frame_too_large_for_the_field_of_a_call_stays_compiled() -> None:
    params = ", ".join(f"%p{i}: i64" for i in range(8191))
    module = parse(f"""
    module "m" mem
    func @native() {{
    ^entry:
      ret
    }}
    func @f({params}) -> i64 {{
    ^entry:
      call @native
      ret %p8190
    }}
    """)
    assert link(module, lambda f: f.name == "f").refused == {"f": "it needs too many registers"}


def test_a_loop_that_does_nothing_jumps_to_itself() -> None:
    code = code_of("""
    module "m" mem
    func @f(%c: bool) {
    ^entry:
      cond_br %c, ^one(%c), ^end
    ^one(%d: bool):
      br ^two(%d)
    ^two(%e: bool):
      br ^one(%e)
    ^end:
      ret
    }
    """)
    assert code == ["jump.unless +1, r0", "jump -1", "ret"]


def test_the_register_for_exchanges_holds_no_result_of_a_call() -> None:
    results = 70
    code = code_of(f"""
    module "m" mem
    func @native() -> ({", ".join(["i64"] * results)}) {{
    ^entry:
      %x: i64 = i64.const 1
      ret {", ".join(["%x"] * results)}
    }}
    func @f(%a: i64, %b: i64) -> i64 {{
    ^entry:
      br ^loop(%a, %b, %a)
    ^loop(%x: i64, %y: i64, %z: i64):
      %c: bool = i64.lt_s %x, %y
      cond_br %c, ^back, ^end
    ^back:
      {", ".join(f"%s{i}: i64" for i in range(results))} = call @native
      br ^loop(%y, %x, %s64)
    ^end:
      ret %z
    }}
    """)
    assert [line for line in code if line.startswith("move")][1:] == [
        "move r2, a64",
        "move a65, r1",
        "move r1, r0",
        "move r0, a65",
    ]
