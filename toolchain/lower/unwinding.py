"""Panics that are caught: functions that run under a `try` in a version of their own, which returns when it panics.

    call @f                      =>     call @f-try
                                        %p = global.get @rt-panicking      # 0, or the number of the place of the panic
                                        cond_br (%p != 0), ^leave, ^rest   # ^leave returns zeros

A panic in such a version notes its place and its message and returns zeros; whoever called it looks and leaves too, up to
the function that tried. The versions for code that is not under a `try` stay as they are and cost nothing. So panics need
neither exceptions, which not every engine has, nor more than one check a call, and that only where they may be caught.

What a host or the machine ends is not caught: `exit`, exhausted memory, a stack that overflows.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..ir import types as t
from ..ir.clone import clone_function
from ..ir.core import Block, Function, Global, Loc, Module, Op, Target, Value
from . import layout
from .body import ZERO, Body, Lowering, Shared
from .emit import Emitter
from .runtime_code import Code, RuntimeFunction
from .runtime_heap import OUT_OF_MEMORY

PANICKING = "rt-panicking"
CAUGHT_SITE = "rt-caught-site"
CAUGHT_TEXT = "rt-caught-text"
RETHROW = "rt-rethrow"

DIVISION_BY_ZERO = "division by zero"

#: What the names of the runtime's functions begin with. Their divisors are never zero.
_RUNTIME = "rt-"

#: Ops that trap when their second operand is zero.
_DIVISIONS = frozenset(f"{ty}.{name}" for ty in ("i32", "i64") for name in ("div_s", "div_u", "rem_s", "rem_u"))


def _version(name: str) -> str:
    """The name of the version of a function that runs under a `try`; no program can have one of the name."""
    return f"{name}-try"


# --- the ops ----------------------------------------------------------------------------------------------------------


def _try_call(body: Body, op: Op) -> Sequence[Value]:
    callee = op.attrs["callee"]
    body.shared.attempts[callee] = None
    _declare_globals(body.shared.runtime.module)
    version = _version(callee)
    results = body.shared.runtime.module.functions[callee].results
    given = body.call(version, body.flat_all(op.operands), results).results
    site = _get(body, PANICKING)
    _set(body, CAUGHT_SITE, site)
    _set(body, PANICKING, body.i32(0))
    panicked = body.op("i32.ne", site, body.i32(0))
    # A function that never comes back in an orderly way has no result.
    return (body.op("select", panicked, body.i64(-1), given[0] if given else body.i64(0)),)


def _caught(body: Body, op: Op) -> Sequence[Value]:
    _declare_globals(body.shared.runtime.module)
    return (_get(body, CAUGHT_TEXT),)


def _caught_site(body: Body, op: Op) -> Sequence[Value]:
    _declare_globals(body.shared.runtime.module)
    return (body.wide(_get(body, CAUGHT_SITE)),)


def _rethrow(body: Body, op: Op) -> Sequence[Value]:
    _declare_globals(body.shared.runtime.module)
    body.call(RETHROW, body.operands(op), ())
    body.emit("unreachable", (), ())
    return ()


LOWERINGS: dict[str, Lowering] = {
    "data.try_call": _try_call,
    "data.caught": _caught,
    "data.caught_site": _caught_site,
    "data.rethrow": _rethrow,
}


def _declare_globals(module: Module) -> None:
    for name in (PANICKING, CAUGHT_SITE, CAUGHT_TEXT):
        module.globals.setdefault(name, Global(name, t.I32, 0))


def _get(at: Emitter, name: str) -> Value:
    return at.emit("global.get", (), (t.I32,), None, name=name).results[0]


def _set(at: Emitter, name: str, value: Value) -> None:
    at.emit("global.set", (value,), (), None, name=name)


# --- the versions -----------------------------------------------------------------------------------------------------


def add_versions(shared: Shared) -> None:
    """Add the versions that the lowered `try_call`s call, of all functions that may panic under them."""
    module = shared.runtime.module
    if not shared.attempts:
        return
    sites = Sites()
    may_panic = _may_panic(module)
    pending = list(shared.attempts)
    wanted = set(pending)
    for name in pending:  # grows
        for callee in _add_version(module.functions[name], shared, sites, may_panic):
            if callee not in wanted:
                wanted.add(callee)
                pending.append(callee)
    if any(_is_rethrow(op) for function in module.functions.values() for op in function.ops()):
        _add_rethrow(shared, sites)


def _add_version(function: Function, shared: Shared, sites: Sites, may_panic: frozenset[str]) -> list[str]:
    """Add the version of a function; the functions whose versions it calls."""
    version, copy = clone_function(function, _version(function.name))
    function.module.add(version)
    writer = _Version(version, shared, sites, may_panic)
    for block in function.blocks:
        for op, twin in zip(block.ops, copy.blocks[block].ops, strict=True):
            if op in shared.messages:
                writer.messages[twin] = copy.value(shared.messages[op])
    return writer.write()


def _add_rethrow(shared: Shared, sites: Sites) -> None:
    """Add the function by which a panic that was caught goes on where nothing catches it: as if it had not been."""

    def write(code: Code, site: Value, message: Value) -> None:
        places = {number: loc for loc, number in sites.numbers.items()}
        blocks = [code.label("place", cold=True) for _ in places]
        start = code.load_word(message, layout.STRING_START, "string.bytes_ptr", invariant=True)
        length = code.load_word(message, layout.STRING_BYTE_LENGTH, "string.length", invariant=True)
        targets = [Target(block) for block in (*blocks, blocks[0])]
        code.emit("switch", (site,), (), targets, cases=list(places))
        for block, loc in zip(blocks, places.values(), strict=True):
            code.at_end(block)
            code.loc = loc
            code.emit("panic_text", (start, length), ())

    shared.runtime.function(RETHROW, RuntimeFunction(write, {"site": t.I64, "message": t.I32}, (), {"inline": "never"}))


def _is_rethrow(op: Op) -> bool:
    return op.name == "call" and op.attrs["callee"] == RETHROW


def _may_panic(module: Module) -> frozenset[str]:
    """The functions that may panic in a way that can be caught."""
    callers: dict[str, list[str]] = {}
    found = []
    for function in module.functions.values():
        if any(_panics(op) for op in function.ops()):
            found.append(function.name)
        for op in function.ops():
            if op.name == "call":
                callers.setdefault(op.attrs["callee"], []).append(function.name)
    seen = set(found)
    for name in found:  # grows
        for caller in callers.get(name, ()):
            if caller not in seen:
                seen.add(caller)
                found.append(caller)
    return frozenset(seen)


def _panics(op: Op) -> bool:
    if op.name == "panic":
        return bool(op.attrs["message"] != OUT_OF_MEMORY)
    return op.name == "panic_text" or _is_rethrow(op) or _may_divide_by_zero(op)


def _may_divide_by_zero(op: Op) -> bool:
    if op.name not in _DIVISIONS or op.block.function.name.startswith(_RUNTIME):
        return False
    divisor = op.operands[1].op
    return divisor is None or not divisor.name.endswith(".const") or divisor.attrs.get("value") in (None, 0)


class Sites:
    """Numbers for the places where panics begin; 1 is a place in code without source."""

    NOWHERE = 1

    def __init__(self) -> None:
        self.numbers: dict[Loc | None, int] = {None: self.NOWHERE}

    def number(self, loc: Loc | None) -> int:
        return self.numbers.setdefault(loc, len(self.numbers) + 1)


class _Version:
    """Turns a copy of a function into the version of it that returns when it panics."""

    def __init__(self, function: Function, shared: Shared, sites: Sites, may_panic: frozenset[str]) -> None:
        self.function = function
        self.shared = shared
        self.sites = sites
        self.may_panic = may_panic
        #: `panic_text` ops -> the string that is the message.
        self.messages: dict[Op, Value] = {}
        self.callees: dict[str, None] = {}
        self.blocks: list[Block] = []
        self.cold: list[Block] = []
        self._leave: Block | None = None

    def write(self) -> list[str]:
        """Rewrite the body; the functions whose versions it calls."""
        for block in self.function.blocks:
            rest: tuple[Block, int] | None = (block, 0)
            while rest is not None:
                at, start = rest
                (self.cold if at.cold else self.blocks).append(at)
                rest = self._rewrite(at, start)
        self.function.blocks = [*self.blocks, *self.cold]
        return list(self.callees)

    def _rewrite(self, block: Block, start: int) -> tuple[Block, int] | None:
        """Rewrite a block from the op `start` up to one where it ends; the block that goes on, and from which op."""
        for index in range(start, len(block.ops)):
            op = block.ops[index]
            if _is_rethrow(op):
                del block.ops[index:]
                at = Emitter(block, loc=op.loc)
                self._note(at, at.narrow(op.operands[0]), op.operands[1])
                return None
            if op.row.terminator:
                self._terminator(block, op)
            elif _may_divide_by_zero(op):
                return self._division(block, index, op), 1
            elif op.name == "call" and op.attrs["callee"] in self.may_panic:
                rest = self._call(block, index, op)
                if rest is not None:
                    return rest, 0
        return None

    def _terminator(self, block: Block, op: Op) -> None:
        if not _panics(op):
            return
        block.ops.pop()
        at = Emitter(block, loc=op.loc)
        if op.name == "panic":
            message = at.op("mem.data_addr", data=self.shared.statics.string(op.attrs["message"]))
        else:
            message = self.messages[op]
        self._note(at, at.i32(self.sites.number(op.loc)), message)

    def _note(self, at: Emitter, site: Value, message: Value) -> None:
        """Begin to panic: note what is needed, and leave."""
        _set(at, PANICKING, site)
        _set(at, CAUGHT_TEXT, message)
        at.br(self.leave)

    @property
    def leave(self) -> Block:
        """The block that returns zeros, which nobody looks at."""
        if self._leave is None:
            self._leave = self._cold_block("leave")
            at = Emitter(self._leave)
            at.ret(*(at.const(type_, ZERO[type_]) for type_ in self.function.results))
        return self._leave

    def _cold_block(self, name: str) -> Block:
        block = Block(self.function, name)
        block.cold = True
        self.cold.append(block)
        return block

    def _cut(self, block: Block, index: int) -> Block:
        """Move the ops from `index` on to a new block."""
        rest = Block(self.function)
        rest.cold = block.cold
        for op in block.ops[index:]:
            rest.append(op)
        del block.ops[index:]
        return rest

    def _division(self, block: Block, index: int, op: Op) -> Block:
        rest = self._cut(block, index)
        divisor = op.operands[1]
        zero = self._cold_block("zero")
        at = Emitter(block, loc=op.loc)
        at.cond_br(at.op(f"{divisor.type}.eq", divisor, at.const(divisor.type, 0)), zero, rest)
        at.at_end(zero)
        message = at.op("mem.data_addr", data=self.shared.statics.string(DIVISION_BY_ZERO))
        self._note(at, at.i32(self.sites.number(op.loc)), message)
        return rest

    def _call(self, block: Block, index: int, op: Op) -> Block | None:
        """Call the version; leave if it panicked. None if nothing has to be done, because the block ends anyway."""
        callee = op.attrs["callee"]
        op.attrs["callee"] = _version(callee)
        self.callees[callee] = None
        needs_place = op.loc is not None and self.function.module.functions[callee].loc is None
        if block.ops[index + 1].name == "ret" and not needs_place:
            return None  # what it returns after a panic does not matter
        rest = self._cut(block, index + 1)
        at = Emitter(block, loc=op.loc)
        site = _get(at, PANICKING)
        left = self.leave
        if needs_place:
            left = self._cold_block("placed")
        at.cond_br(at.op("i32.ne", site, at.i32(0)), left, rest)
        if needs_place:
            at.at_end(left)
            nowhere = at.op("i32.eq", site, at.i32(Sites.NOWHERE))
            _set(at, PANICKING, at.op("select", nowhere, at.i32(self.sites.number(op.loc)), site))
            at.br(self.leave)
        return rest
