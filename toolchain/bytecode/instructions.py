"""The instructions of the VM: derived from the op table, so that a new op has its instructions for free.

An instruction is a word of 8 bytes, little-endian: the opcode and three fields a, b, c of 16 bits.

    i64.add          a <- b + c          a, b, c: registers
    i64.add.imm      a <- b + c          c: a signed number
    jump.i64.lt_s    if b < c: pc += a   a: words behind this instruction
    const            a <- bc             b and c together: a signed number of 32 bits
    call             frame a, code bc    see `machine`

A register is its distance in bytes from the start of the frame, so no handler has to scale it. `layout` says what the
fields are, one letter each: `w` register written, `r` register read, `i` signed number, `u` unsigned number, `j` jump, `-`
nothing; a capital letter takes b and c together: `I` signed number, `A` address, `J` jump. Letters behind the third are
fields of a second word.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ..ir import types as t
from ..ir.ops import TABLE
from ..ir.ops.row import Binary, Load, OpRow, Special, Store, Unary

WORD = 8
#: Bytes of a frame before its first register: return address and the caller's frame.
HEADER = 8
REGISTER = 8
MAX_FRAME = 0xFFF8
MIN_IMMEDIATE, MAX_IMMEDIATE = -0x8000, 0x7FFF
#: Most words of a function: jumps are 16 bits wide.
MAX_WORDS = 0x7FFF

#: Rows of stage mem that no instruction is derived from, with how the assembler does without.
WITHOUT = {
    "i32.from_bool": "a bool is an i32",
    "i32.const": "const",
    "i64.const": "const, const.wide",
    "bool.const": "const",
    "f64.const": "const.wide",
    "br": "jump",
    "cond_br": "jump.*",
    "switch": "switch, jump.i64.eq",
    "ret": "ret, ret.value",
    "unreachable": "panic",
    "panic": "panic",
    "panic_text": "native",
    "call": "call, native",
    "global.get": "variables are kept in memory (`link`)",
    "global.set": "variables are kept in memory (`link`)",
    "mem.data_addr": "const",
    "mem.heap_base": "only the library asks, which is compiled",
    "mem.shadow": "const",
}

#: Control, moves and constants: what is not derived. Name -> layout.
_OWN = {
    "move": "wr-",
    "const": "wI",
    "const.wide": "w--",  # the next word is the number
    "jump": "-J",
    "jump.if": "jr-",
    "jump.unless": "jr-",
    "switch": "-ru",  # c words of two 32-bit jumps follow; the last jump is for every other number
    "call": "uA",
    "native": "uuu",  # frame, table slot
    "ret": "---",
    "ret.value": "r--",
    "panic": "-A",  # number of the site
    "select": "wrrr",
}


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: `code` is its number; `row` the op that it computes, if it is derived from one."""

    name: str
    code: int
    layout: str
    row: OpRow | None = None
    #: Types of the registers, in the order of the layout's `w` and `r`; empty: 64 bits are moved as they are.
    types: tuple[t.Type, ...] = ()

    @property
    def words(self) -> int:
        """Words of the instruction itself; a switch has its table behind it."""
        return 2 if len(self.layout) > 3 or self.name == "const.wide" else 1


def _type(name: str) -> t.Type:
    return t.make(name)


def _types(names: tuple[str, ...]) -> tuple[t.Type, ...]:
    return tuple(_type(name) for name in names)


def _derived(row: OpRow) -> list[tuple[str, str, tuple[t.Type, ...]]]:
    """Name, layout and types of each instruction for a row."""
    operands, results = _types(row.operands), _types(row.results or ())
    wasm = row.wasm
    if isinstance(wasm, Load):
        return [(row.name, "wru", (*results, *operands))]
    if isinstance(wasm, Store):
        return [(row.name, "rru", operands)]
    letters = "w" * len(results) + "r" * len(operands)
    found = [(row.name, letters.ljust(3, "-"), (*results, *operands))]
    if isinstance(wasm, Binary):
        is_integer = operands[1] in (t.I32, t.I64)
        if is_integer:
            found.append((f"{row.name}.imm", "wri", (*results, *operands)))
        if results == (t.BOOL,) and operands[0] is not t.BOOL:
            found.append((f"jump.{row.name}", "jrr", operands))
            if is_integer:
                found.append((f"jump.{row.name}.imm", "jri", operands))
            else:  # a float comparison has no opposite: NaN
                found.append((f"jump.not.{row.name}", "jrr", operands))
    return found


def has_instructions(row: OpRow) -> bool:
    """True if instructions are derived from the row."""
    return (
        row.name not in WITHOUT and row.name not in _OWN and isinstance(row.wasm, (Unary, Binary, Load, Store, Special))
    )


@cache
def table() -> dict[str, Instruction]:
    """Every instruction by name. Codes follow the order of the op table, so they are the same for the same ops."""
    made: dict[str, Instruction] = {}
    for name, layout in _OWN.items():
        made[name] = Instruction(name, len(made), layout)
    for row in TABLE.values():
        if row.family in _FAMILIES and has_instructions(row):
            for name, layout, types in _derived(row):
                made[name] = Instruction(name, len(made), layout, row, types)
    return made


@cache
def opposites() -> dict[str, Instruction]:
    """For each conditional jump by name the one that jumps when it does not."""
    found = {"jump.if": table()["jump.unless"], "jump.unless": table()["jump.if"]}
    for name, instruction in table().items():
        if instruction.row is None or not name.startswith("jump."):
            continue
        if name.startswith("jump.not."):
            plain = "jump." + name.removeprefix("jump.not.")
            found[name], found[plain] = table()[plain], instruction
            continue
        family, operation = instruction.row.name.split(".")
        other = _OPPOSITE.get(operation[:2])
        if other is not None and family != "f64":
            found[name] = table()[name.replace(operation, other + operation[2:])]
    return found


#: Comparisons of integers, without the sign: one of the two is always true.
_OPPOSITE = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}

_FAMILIES = frozenset({"i32", "i64", "f64", "bool", "mem"})
