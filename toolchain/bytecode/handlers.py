"""What the instructions of the VM do, as WebAssembly: derived from the op table's `wasm` column.

    f64.add a, b, c        =>        (f64.store (fp + a) (f64.add (f64.load (fp + b)) (f64.load (fp + c)))); pc += 8

How one handler finds the next is the matter of the machine's shape (`machine`, `threaded`).

A call writes where to go on into the header of the callee's frame: address behind the call and the caller's frame. A
return address of 0 ends the VM: its caller is compiled code. What traps leaves pc and fp in globals, so the host can tell the
place and the open calls (`wasm_runtime`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

from ..artifact import PANIC_SITE
from ..codegen.binaryen import BinaryenModule, Expression
from ..codegen.special import SPECIAL
from ..ir import types as t
from ..ir.ops.row import Binary, Effects, Load, Special, Store, Unary
from .instructions import HEADER, WORD, Instruction

#: Address of the frame and of the instruction of what traps or calls compiled code.
FRAME, PLACE = "vm-frame", "vm-place"
#: Where compiled code that calls bytecode puts the next frame.
TOP = "vm-top"

#: What every function that is made of handlers has: the address of the next instruction, and of the frame.
PARAMETERS = (t.I32, t.I32)
#: And its other variables.
VARIABLES = (t.I32,)

_PC, _FP, _A = range(3)


class Handlers(ABC):
    """Makes handlers. A frame at `limit` or above is a stack overflow, told by the site with the number `overflow_site`."""

    def __init__(self, out: BinaryenModule, limit: int, overflow_site: int) -> None:
        self._out = out
        self._limit = limit
        self._overflow_site = overflow_site
        self._i32 = out.type_of([t.I32])

    # What a shape decides

    @abstractmethod
    def dispatch(self) -> Expression:
        """Go on with the instruction at pc."""

    @abstractmethod
    def overflow_if(self, condition: Expression) -> Expression:
        """Go to what `overflow` makes, if the condition is true."""

    def jump_if(self, condition: Expression, words: int) -> Expression:
        """Do what `jumped` does if the condition is true, and else what follows."""
        # A branch and not a select: the machine predicts it, and need not wait for the comparison.
        return self._out.if_(condition, self.jumped(words))

    def _note(self, address: int, offset: int) -> list[Expression]:
        """What is done when control does not go on behind: `counters` counts how often.

        `address` is the variable with the address, less the offset, of the four bytes that say where a jump goes (of `jump.*`
        the second four), or of the function that is entered.
        """
        return []

    # What a shape asks

    def opcode(self) -> Expression:
        """The number of the instruction at pc."""
        return self._load16(self._get(_PC), 0)

    def state(self) -> list[Expression]:
        """What handlers pass on: pc and fp."""
        return [self._get(index) for index in range(len(PARAMETERS))]

    def handler(self, instruction: Instruction) -> list[Expression]:
        """What an instruction does, and going on."""
        own = _OWN.get(instruction.name)
        if own is not None:
            return own(self)
        if instruction.first is not None and instruction.second is not None:
            return [*self._effect(instruction.first), self.step(instruction.words), *self.handler(instruction.second)]
        return [*self._effect(instruction), *self._go_on(instruction.words)]

    def jumped(self, words: int) -> list[Expression]:
        """A conditional jump of so many words is taken."""
        return self._jump(self._number(0, signed=True), words)

    def overflow(self) -> list[Expression]:
        """What happens when the next frame has no place."""
        out = self._out
        site = out.global_set(PANIC_SITE, self._i32_const(self._overflow_site + 1))
        return [*self._tell_place(), site, out.unreachable()]

    def distance(self, stores: int) -> Expression:
        """Code that does nothing, of 8 bytes for each store and some more on a machine as x86-64."""
        out = self._out
        never = out.unary("EqZInt32", self._get(_PC))
        return out.if_(never, [out.store(1, 0, t.I32, self._i32_const(i), self._i32_const(i)) for i in range(stores)])

    # Small expressions

    def _get(self, index: int) -> Expression:
        return self._out.local_get(index, self._i32)

    def _i32_const(self, number: int) -> Expression:
        return self._out.const(t.I32, number)

    def _add(self, a: Expression, b: Expression) -> Expression:
        return self._out.binary("AddInt32", a, b)

    def _load16(self, address: Expression, offset: int, signed: bool = False) -> Expression:
        return self._out.load(2, signed, offset, t.I32, address)

    def _load32(self, address: Expression, offset: int) -> Expression:
        return self._out.load(4, False, offset, t.I32, address)

    def _number(self, index: int, signed: bool = False) -> Expression:
        """A field as a number; 0 to 2 are in the first word, 3 to 5 in the second."""
        return self._load16(self._get(_PC), 2 * index + 2, signed)

    def _wide(self) -> Expression:
        """Fields b and c as one number."""
        return self._load32(self._get(_PC), 4)

    def _wide_signed(self) -> Expression:
        """Fields b and c as one signed number of 64 bits.

        Not an i32 that is extended, or added to: wasmtime would compute its address in the dispatch, for all handlers.
        """
        return self._out.load(4, True, 4, t.I64, self._get(_PC))

    def _register(self, index: int) -> Expression:
        """The address of the register that a field names."""
        return self._add(self._get(_FP), self._number(index))

    def _read(self, index: int, type_: t.Type) -> Expression:
        return self._out.load(_SIZES[type_], False, 0, type_, self._register(index))

    def _write(self, index: int, type_: t.Type, value: Expression) -> Expression:
        """Write a register, always all of it: its lower half alone would make whoever reads 8 bytes wait for the store.

        So what an instruction computes as i32 is its own unsigned extension (`selection` relies on it).
        """
        if type_ in (t.I32, t.BOOL):
            type_, value = t.I64, self._out.unary("ExtendUInt32", value)
        return self._out.store(_SIZES[type_], 0, type_, self._register(index), value)

    def step(self, words: int) -> Expression:
        """Let pc go on by so many words."""
        return self._out.local_set(_PC, self._add(self._get(_PC), self._i32_const(words * WORD)))

    def _go_on(self, words: int = 1) -> list[Expression]:
        return [self.step(words), self.dispatch()]

    def _jump(self, distance: Expression, words: int = 1) -> list[Expression]:
        """Go on so many words behind this instruction, which has `words`. Every jump but `switch` is this one."""
        return [*self._tell_place(), *self._note(_PC, 4), *self._go_to(distance, words)]

    def _go_to(self, distance: Expression, words: int) -> list[Expression]:
        out = self._out
        scaled = out.binary("ShlInt32", distance, self._i32_const(3))
        behind = self._add(self._add(self._get(_PC), scaled), self._i32_const(words * WORD))
        return [out.local_set(_PC, behind), self.dispatch()]

    def _tell_place(self) -> list[Expression]:
        """For what may trap: leave pc and fp where the host finds them.

        Jumps and calls do so too, as a time limit ends the program at any of them (measured: no difference in time).
        """
        out = self._out
        return [out.global_set(PLACE, self._get(_PC)), out.global_set(FRAME, self._get(_FP))]

    # Handlers

    def _effect(self, instruction: Instruction) -> list[Expression]:
        """What an instruction does that goes on behind itself, unless it is a jump whose condition holds."""
        plain = _PLAIN.get(instruction.name)
        if plain is not None:
            return [plain(self)]
        if instruction.layout.startswith("j"):
            return [*self._may_trap(instruction), self.jump_if(self._condition(instruction), instruction.words)]
        value = self._value(instruction)
        if instruction.layout.startswith("w"):
            value = self._write(0, instruction.types[0], value)
        return [*self._may_trap(instruction), value]

    def _may_trap(self, instruction: Instruction) -> list[Expression]:
        return self._tell_place() if Effects.TRAPS in instruction.effects else []

    def _value(self, instruction: Instruction) -> Expression:
        """What an instruction computes, or the store that it is, from its fields."""
        types = iter(instruction.operand_types)
        fields = enumerate(instruction.layout)
        return self._apply(instruction, [self._field(at, letter, types) for at, letter in fields if letter in "riu"])

    def _field(self, field: int, letter: str, types: Iterator[t.Type]) -> Expression:
        """A field as an operand; those that are values have the next of the types."""
        if letter == "u":
            return self._number(field)
        type_ = next(types)
        return self._read(field, type_) if letter == "r" else self._signed(field, type_)

    def _apply(self, instruction: Instruction, operands: list[Expression]) -> Expression:
        """The value of a plain or composed instruction of these operands."""
        outer, inner = instruction.outer, instruction.inner
        if outer is not None and inner is not None:
            at = outer.operand_place(instruction.operand)
            behind = at + inner.operand_count
            type_ = outer.operand_types[instruction.operand]
            part = self._converted(self._apply(inner, operands[at:behind]), inner.types[0], type_)
            return self._apply(outer, [*operands[:at], part, *operands[behind:]])
        out, row = self._out, instruction.row
        assert row is not None  # asked of derived ones only
        wasm = row.wasm
        if isinstance(wasm, Binary):
            return out.binary(wasm.name, *operands)
        if isinstance(wasm, Unary):
            return out.unary(wasm.name, *operands)
        if isinstance(wasm, Load):
            return out.load(wasm.bytes, wasm.signed, 0, instruction.types[0], self._add(*operands))
        if isinstance(wasm, Store):
            address, value, offset = operands
            return out.store(wasm.bytes, 0, instruction.types[1], self._add(address, offset), value)
        assert isinstance(wasm, Special)  # the columns of the op table end here
        return SPECIAL[wasm.name](out, operands)

    def _converted(self, value: Expression, has: t.Type, wanted: t.Type) -> Expression:
        """What another instruction would read from the register to which the value was written."""
        if _SIZES[has] == _SIZES[wanted]:
            return value
        return self._out.unary("ExtendUInt32" if _SIZES[wanted] == 8 else "WrapInt64", value)

    def _signed(self, field: int, type_: t.Type) -> Expression:
        return self._out.load(2, True, 2 * field + 2, t.I64 if type_ is t.I64 else t.I32, self._get(_PC))

    def _condition(self, instruction: Instruction) -> Expression:
        """Whether a conditional jump jumps."""
        own = _CONDITIONS.get(instruction.name)
        if own is not None:
            return own(self)
        condition = self._value(instruction)
        return self._out.unary("EqZInt32", condition) if instruction.name.startswith("jump.not.") else condition

    def _move(self) -> Expression:
        return self._write(0, t.I64, self._read(1, t.I64))

    def _const(self) -> Expression:
        return self._write(0, t.I64, self._wide_signed())

    def _const_wide(self) -> Expression:
        return self._write(0, t.I64, self._out.load(8, False, WORD, t.I64, self._get(_PC)))

    def _switch(self) -> list[Expression]:
        out = self._out
        number = self._read(1, t.I64)
        in_range = out.binary("LtUInt64", self._read(1, t.I64), out.unary("ExtendUInt32", self._number(2)))
        index = out.select(in_range, out.unary("WrapInt64", number), self._number(2))
        at = self._add(self._get(_PC), out.binary("ShlInt32", index, self._i32_const(2)))
        return [out.local_set(_A, at), *self._note(_A, WORD), *self._go_to(self._load32(self._get(_A), WORD), 1)]

    def _call(self) -> list[Expression]:
        out = self._out
        frame = self._register(0)
        return [
            out.local_set(_A, frame),
            self.overflow_if(out.binary("GeUInt32", self._get(_A), self._i32_const(self._limit))),
            *self._tell_place(),
            out.store(4, 0, t.I32, self._get(_A), self._add(self._get(_PC), self._i32_const(WORD))),
            out.store(4, 4, t.I32, self._get(_A), self._get(_FP)),
            *self._enter(self._wide(), self._get(_A)),
        ]

    def _enter(self, code: Expression, frame: Expression) -> list[Expression]:
        """Go on in a function. Every call of bytecode by bytecode is this one."""
        out = self._out
        return [out.local_set(_PC, code), out.local_set(_FP, frame), *self.entered(), self.dispatch()]

    def entered(self) -> list[Expression]:
        """What is noted of the function that begins at pc, also when compiled code has called it."""
        return self._note(_PC, 0)

    def _native(self) -> list[Expression]:
        out = self._out
        return [
            out.local_set(_A, self._register(0)),
            self.overflow_if(out.binary("GeUInt32", self._get(_A), self._i32_const(self._limit))),
            *self._tell_place(),
            out.store(4, 0, t.I32, self._get(_A), self._get(_PC)),
            out.store(4, 4, t.I32, self._get(_A), self._get(_FP)),
            *self._call_compiled(_A),
            *self._go_on(),
        ]

    def _enter_compiled(self) -> list[Expression]:
        """Instead of a function's code: a call of what was compiled from it, with its arguments, to its caller."""
        return [*self._tell_place(), *self._call_compiled(_FP), *self._return()]

    def _call_compiled(self, frame: int) -> list[Expression]:
        """Let the adapter call the function in the slot with what is in a frame."""
        out = self._out
        return [
            out.global_set(TOP, self._get(frame)),
            out.call_indirect(self._number(2), [self._get(frame), self._number(1)], [t.I32, t.I32], ()),
        ]

    def _return(self) -> list[Expression]:
        out = self._out
        return [
            out.local_set(_PC, self._load32(self._get(_FP), 0)),
            out.if_(out.unary("EqZInt32", self._get(_PC)), [out.return_(None)]),
            out.local_set(_FP, self._load32(self._get(_FP), 4)),
            self.dispatch(),
        ]

    def _return_value(self) -> list[Expression]:
        result = self._out.store(8, HEADER, t.I64, self._get(_FP), self._read(0, t.I64))
        return [result, *self._return()]

    def _panic(self) -> list[Expression]:
        out = self._out
        # An `unreachable` has -1, which makes it no panic.
        site = out.unary("WrapInt64", out.binary("AddInt64", self._wide_signed(), out.const(t.I64, 1)))
        return [*self._tell_place(), out.global_set(PANIC_SITE, site), out.unreachable()]


_SIZES = {t.I32: 4, t.BOOL: 4, t.I64: 8, t.F64: 8}

_OWN: dict[str, Callable[[Handlers], list[Expression]]] = {
    "jump": lambda self: self._jump(self._wide()),
    "switch": Handlers._switch,
    "call": Handlers._call,
    "native": Handlers._native,
    "enter": Handlers._enter_compiled,
    "ret": Handlers._return,
    "ret.value": Handlers._return_value,
    "panic": Handlers._panic,
}

#: Of the conditional jumps that are not derived.
_CONDITIONS: dict[str, Callable[[Handlers], Expression]] = {
    "jump.if": lambda self: self._read(1, t.I32),
    "jump.unless": lambda self: self._out.unary("EqZInt32", self._read(1, t.I32)),
}

#: Those that go on behind themselves.
_PLAIN: dict[str, Callable[[Handlers], Expression]] = {
    "move": Handlers._move,
    "const": Handlers._const,
    "const.wide": Handlers._const_wide,
}
