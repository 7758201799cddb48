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

Two kinds of superinstructions save dispatches. A composed one computes an operand itself (`f64.add[1:f64.mul]` is
a <- b + c * d), so the operand needs no register; a sequence (`i64.add.imm; jump.i64.lt_s`) does what two instructions behind
each other do, and only the first one's number says so: jumps into the middle find the second as it is. The first may be a
conditional jump: the second follows if it is not taken. The tables of both hold what the inner loops of the benchmarks
consist of: elements of arrays, counted loops, sums of products.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ..ir import types as t
from ..ir.ops import TABLE
from ..ir.ops.row import Binary, Effects, Load, OpRow, Special, Store, Unary

_ACCESSES = (
    "load_i64", "load_i32", "load_f64", "load_bool", "load8_u", "store_i64", "store_i32", "store_f64", "store_bool", "store8",
)  # fmt: skip

WORD = 8
#: Bytes of a frame before its first register: return address and the caller's frame.
HEADER = 8
REGISTER = 8
#: Three in each of two words.
MAX_FIELDS = 6
MAX_FRAME = 0xFFF8
MIN_IMMEDIATE, MAX_IMMEDIATE = -0x8000, 0x7FFF
#: Most words of a function: jumps are 16 bits wide.
MAX_WORDS = 0x7FFF

#: Comparisons that are others with the operands exchanged.
EXCHANGED = {
    "f64.gt": "f64.lt",
    "f64.ge": "f64.le",
    **{f"{f}.gt_{s}": f"{f}.lt_{s}" for f in ("i32", "i64") for s in "su"},
    **{f"{f}.le_{s}": f"{f}.ge_{s}" for f in ("i32", "i64") for s in "su"},
}
#: Of these, what they are with a number: that of the next one, if there is a next one.
NEXT = {
    **{f"{f}.gt_{s}": f"{f}.ge_{s}" for f in ("i32", "i64") for s in "su"},
    **{f"{f}.le_{s}": f"{f}.lt_{s}" for f in ("i32", "i64") for s in "su"},
}
#: What with a number is another op with its opposite.
NEGATED = {"i32.sub": "i32.add", "i64.sub": "i64.add"}

#: Rows of stage mem that no instruction is derived from, with how the assembler does without.
WITHOUT = {
    **{name: f"{other} of the operands exchanged" for name, other in EXCHANGED.items()},
    "i32.from_bool": "a bool is an i32",
    "i32.wrap_i64": "who wants an i32 reads the low half of the register",
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
    "kind_seen": "a note beside the code (`nodes.Note`)",
    "kinds_seen": "jump.i64.eq.imm, switch (`nodes.Tally`)",
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
    "native": "uuu",  # frame, slot of the function, slot of its adapter
    "enter": "-uu",  # slots of a function and its adapter: what a host writes to the start of a function that it compiled
    "ret": "---",
    "ret.value": "r--",
    "panic": "-A",  # number of the site
}


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: `code` is its number; `row` the op that it computes, if it is derived from one."""

    name: str
    code: int
    layout: str
    row: OpRow | None = None
    #: Types of the fields that are values: registers, and numbers that are operands; empty: 64 bits as they are.
    types: tuple[t.Type, ...] = ()
    #: Of a composed instruction: the outer one, which operand it computes (0 is the first), and how.
    outer: Instruction | None = None
    operand: int = 0
    inner: Instruction | None = None
    #: Of a sequence: what it does first, and then.
    first: Instruction | None = None
    second: Instruction | None = None

    @property
    def effects(self) -> Effects:
        """Of all ops that it computes."""
        if self.outer is not None and self.inner is not None:
            return self.outer.effects | self.inner.effects
        return self.row.effects if self.row is not None else Effects.NONE

    @property
    def operand_types(self) -> tuple[t.Type, ...]:
        """Of the fields that are values and read."""
        return self.types[self.layout.count("w") :]

    @property
    def operand_count(self) -> int:
        """How many fields are operands: values, and numbers without sign, which are distances."""
        return sum(letter in "riu" for letter in self.layout)

    def operand_place(self, operand: int) -> int:
        """Where among these the value is that has so many values before it."""
        operands = [letter for letter in self.layout if letter in "riu"]
        return [index for index, letter in enumerate(operands) if letter != "u"][operand]

    @property
    def words(self) -> int:
        """Words of the instruction itself; a switch has its table behind it. Of a sequence: of what it does first."""
        if self.first is not None:
            return self.first.words
        return 2 if len(self.layout) > 3 or self.name == "const.wide" else 1


def _types(names: tuple[str, ...]) -> tuple[t.Type, ...]:
    return tuple(t.make(name) for name in names)


#: Accesses of elements whose array is asked where they are, as far as there are fields.
_LOADED = ("load_i64", "load_i32", "load_f64", "load_bool", "store_i64", "store_i32", "store_f64")

#: Composed instructions: outer, operand, inner. Where an operand has a part of its own, that comes first.
_COMPOSED = (
    ("i32.add", 0, "mem.load_i32"),
    ("i32.add", 1, "i32.shl.imm"),
    ("i32.add[0:mem.load_i32]", 1, "i32.shl.imm"),
    *((f"mem.{access}", 0, inner) for access in _ACCESSES for inner in ("i32.add", "i32.add.scaled")),
    *((f"mem.{access}", 0, "i32.add[0:mem.load_i32].scaled") for access in _LOADED),
    ("mem.load_i32", 0, "mem.load_i32"),
    ("mem.store_i32", 1, "i32.add.imm"),
    ("mem.store_i64", 1, "mem.load_i64"),
    ("i32.and.imm", 0, "mem.load16_u"),
    # Numbers
    *(("i64.add", operand, inner) for operand in (0, 1) for inner in ("i64.add", "i64.add.imm", "i64.mul")),
    ("i64.add", 0, "i64.shl.imm"),
    ("i64.add", 1, "mem.load_i64"),
    ("i64.add", 1, "select"),
    ("i64.add.imm", 0, "i64.add"),
    ("i64.add.imm", 0, "i64.mul"),
    ("i64.eq.imm", 0, "i64.and.imm"),
    *(("select", 0, f"i64.{test}") for test in ("lt_s", "lt_u", "lt_s.imm", "ge_s.imm", "lt_u.imm", "eq.imm")),
    ("select", 0, "i64.eq.imm[0:i64.and.imm]"),
    *((f"f64.{outer}", operand, "mem.load_f64") for outer in ("add", "sub", "mul") for operand in (0, 1)),
    *((f"f64.{outer}", operand, "f64.mul") for outer in ("add", "sub") for operand in (0, 1)),
    *((f"f64.{outer}[0:mem.load_f64]", 1, "f64.mul") for outer in ("add", "sub")),
    *(("mem.store_f64", 1, f"f64.{outer}[0:mem.load_f64][1:f64.mul]") for outer in ("add", "sub")),
    *((f"f64.{outer}", 1, "mem.load_f64.indexed") for outer in ("add", "sub", "mul")),
    ("f64.add", 0, "f64.add[0:f64.mul]"),
    ("f64.mul", 0, "f64.mul"),
    ("f64.mul", 0, "f64.convert_i64_s"),
    # Jumps
    *((f"jump.i64.{test}", 1, "mem.load_i32") for test in ("ge_u", "lt_u", "ge_s", "lt_s")),
    *((f"jump.i64.{test}", 0, "mem.load_i32") for test in ("ge_s", "lt_s")),
    *((f"jump.i32.{test}", 1, "mem.load_i32") for test in ("eq", "ne")),
    *((f"jump.i64.{test}.imm", 0, "i64.sub") for test in ("ge_u", "lt_u")),
    *(
        (f"jump.i32.{test}.imm", 0, inner)
        for test in ("eq", "ne")
        for inner in ("i32.and.imm", "i32.and.imm[0:mem.load16_u]", "mem.load8_u")
    ),
    *((f"jump.i64.{test}.imm", 0, inner) for test in ("eq", "ne") for inner in ("i64.rem_s.imm", "i64.and.imm")),
)

#: Names for (operand, what it is computed by), where there is a word for it.
_SHORT = {
    (1, "i32.shl.imm"): "scaled",
    (0, "i32.add"): "indexed",
    (0, "i32.add.scaled"): "element",
    (0, "i32.add[0:mem.load_i32].scaled"): "element.loaded",
    (1, "mem.load_i32"): "loaded",
}

#: Sequences: first, second.
_SEQUENCES = (
    ("move", "move"),
    ("move", "jump"),
    ("move", "call"),
    ("move", "native"),
    ("move", "ret"),
    ("const", "move"),
    ("const", "const"),
    ("i64.add.imm", "call"),
    ("i64.add.imm", "jump"),
    *(("i64.add.imm", f"jump.i64.{test}") for test in ("lt_s", "ge_s", "ne")),
    ("i64.add.imm", "jump.i64.lt_s.imm"),
    ("i64.add", "ret.value"),
    ("i64.add", "i64.add.imm"),
    ("i64.add", "jump.i64.ge_s"),
    ("i64.add.imm", "i64.add.imm"),
    ("i64.add.imm", "move"),
    ("move", "i64.add.imm"),
    ("f64.add", "f64.add"),
    ("f64.mul", "f64.mul"),
    ("mem.load_i32", "mem.load_i32"),
    ("mem.store_i32", "mem.store_i32"),
    ("mem.load_bool.indexed", "jump.unless"),
    # An index is checked, and used if it is in range.
    *(
        ("jump.i64.ge_u", second)
        for second in ("move", "i32.add.scaled", "mem.load_i64.element", "mem.load_f64.element")
    ),
)


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
        if is_integer and row.name not in NEGATED:
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
        row.name not in WITHOUT and row.name != "select" and isinstance(row.wasm, (Unary, Binary, Load, Store, Special))
    )


@cache
def table() -> dict[str, Instruction]:
    """Every instruction by name. Codes follow the order of the op table, so they are the same for the same ops."""
    made: dict[str, Instruction] = {}
    for name, layout in _OWN.items():
        made[name] = Instruction(name, len(made), layout)
    made["select"] = Instruction("select", len(made), "wrrr", TABLE["select"], (t.I64, t.BOOL, t.I64, t.I64))
    for row in TABLE.values():
        if row.family in _FAMILIES and has_instructions(row):
            for name, layout, types in _derived(row):
                made[name] = Instruction(name, len(made), layout, row, types)
    for outer, operand, inner in _COMPOSED:
        composed = _compose(made[outer], operand, made[inner], len(made))
        made[composed.name] = composed
    for first, second in _SEQUENCES:
        name = f"{first}; {second}"
        made[name] = Instruction(name, len(made), made[first].layout, first=made[first], second=made[second])
    return made


def _compose(outer: Instruction, operand: int, inner: Instruction, code: int) -> Instruction:
    """The instruction in which `inner` computes an operand of `outer`."""
    values = [index for index, letter in enumerate(outer.layout) if letter in "ri"]
    place = values[operand]
    layout = outer.layout[:place] + inner.layout[1:].rstrip("-") + outer.layout[place + 1 :]
    written = outer.layout.count("w")
    types = list(outer.types)
    types[written + operand : written + operand + 1] = inner.types[1:]
    layout = layout.rstrip("-").ljust(3, "-")
    if len(layout) > MAX_FIELDS:
        raise ValueError(f"{outer.name} with {inner.name} needs more than {MAX_FIELDS} fields")
    short = _SHORT.get((operand, inner.name))
    name = f"{outer.name}.{short}" if short is not None else f"{outer.name}[{operand}:{inner.name}]"
    return Instruction(name, code, layout, outer.row, tuple(types), outer, operand, inner)


@cache
def compositions() -> dict[tuple[str, int, str], Instruction]:
    """Composed instructions by outer, operand and inner."""
    return {
        (i.outer.name, i.operand, i.inner.name): i
        for i in table().values()
        if i.outer is not None and i.inner is not None
    }


@cache
def sequences() -> dict[tuple[int, int], Instruction]:
    """Sequences by the numbers of the two instructions."""
    return {(i.first.code, i.second.code): i for i in table().values() if i.first is not None and i.second is not None}


@cache
def opposites() -> dict[str, Instruction]:
    """For each conditional jump by name the one that jumps when it does not."""
    found = {"jump.if": table()["jump.unless"], "jump.unless": table()["jump.if"]}
    composed: list[Instruction] = []
    for name, instruction in table().items():
        if instruction.row is None or not name.startswith("jump."):
            continue
        if instruction.outer is not None:
            composed.append(instruction)
            continue
        if name.startswith("jump.not."):
            plain = "jump." + name.removeprefix("jump.not.")
            found[name], found[plain] = table()[plain], instruction
            continue
        family, operation = instruction.row.name.split(".")
        other = _OPPOSITE.get(operation[:2])
        if other is not None and family != "f64":
            found[name] = table()[name.replace(operation, other + operation[2:])]
    for instruction in composed:
        assert instruction.outer is not None and instruction.inner is not None  # so they are composed
        key = (found[instruction.outer.name].name, instruction.operand, instruction.inner.name)
        if key in compositions():
            found[instruction.name] = compositions()[key]
    return found


#: Comparisons of integers, without the sign: one of the two is always true.
_OPPOSITE = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt"}

_FAMILIES = frozenset({"i32", "i64", "f64", "bool", "mem"})
