"""Generator functions: the HIR of a body with `dyn.yield` becomes a function that goes on where it stopped.

    fn count(n) { var i = 0; while i < n { yield i; i += 1 } }

becomes three functions. `count` makes a frame, a record for all that has to survive a yield, and gives back a
`std.Generator` with the other two: `count/next` runs the body up to its next yield and tells whether there was one,
`count/current` tells what was yielded.

    func count/next(frame, n):                 ^resumed: %i = frame.v0; ... ^header
      %state = frame.state; frame.state = END  ^body:    frame.current = %i; frame.state = 1; ret true
      if %state == 0 ^begin, 1 ^resumed, else ret false

Values that live across a yield are stored where they are defined and loaded where they are used (reg2mem); constants are
made anew. What the function captures, and its parameters, are captured by both functions.
"""

from __future__ import annotations

from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.clone import Copy, clone_op
from wasmlathe.ir.core import Block, Function, Module, Op, Value
from wasmlathe.passes.analysis.liveness import liveness

TYPE, CASE = "std.Generator", "Generator"
_STATE, _CURRENT = "state", "current"
_BEGIN, _END = 0, -1


def split_generator(function: Function, module: Module) -> None:
    """Make `function`, whose body has yields and which is in `module`, return a generator; add the functions it needs."""
    body = _part(function, "next")
    _Splitter(function, body).split()
    module.add(body)
    current = _part(function, "current")
    _write_current(current, len(function.param_types))
    module.add(current)
    _write_maker(function, body, current)


def _part(function: Function, what: str) -> Function:
    """A function that captures the frame and the parameters of `function`."""
    part = Function(f"{function.name}/{what}", [t.DYN] * (1 + len(function.param_types)), (t.DYN,), function.loc)
    part.source_name = function.source_name
    part.attrs.update(captures=len(part.param_types), required=0)
    return part


class _Splitter:
    """Moves the body of `function` to `body` and splits it at its yields."""

    def __init__(self, function: Function, body: Function) -> None:
        self.function = function
        self.body = body
        self.entry = Block(body, "resume")
        self.frame = self.entry.add_param(t.DYN, "frame")
        self.params = [self.entry.add_param(t.DYN, param.name) for param in function.params]
        #: Where the body goes on after each yield.
        self.resumed: list[Block] = []
        self.fields: dict[Value, str] = {}

    def split(self) -> None:
        begin = self.function.entry
        mapping = dict(zip(begin.params, self.params, strict=True))
        self.function.replace_uses(mapping)
        begin.params = []
        for block in list(self.function.blocks):
            rest: Block | None = block
            while rest is not None:
                self.body.blocks.append(rest)
                rest = self._split_block(rest)
        for block in self.body.blocks:
            block.function = self.body
        self._save_values()
        self.body.blocks.insert(0, self.entry)
        self._dispatch(begin)

    def _split_block(self, block: Block) -> Block | None:
        """Leave the block at its first yield; the block that goes on there."""
        for index, op in enumerate(block.ops):
            if op.name == "dyn.yield":
                rest = self._cut(block, index + 1, op)
                self._leave_at(block, op)
                return rest
        last = block.ops.pop()
        if last.name == "ret":
            at = Builder(block, None, last.loc)
            at.ret(_const(at, False))
        else:
            block.append(last)
        return None

    def _cut(self, block: Block, index: int, op: Op) -> Block:
        """The block that goes on after the yield `op`, whose value is nil."""
        rest = Block(self.body, "resumed")
        self.resumed.append(rest)
        at = Builder(rest, None, op.loc)
        nothing = _const(at, None)
        for moved in block.ops[index:]:
            rest.append(moved)
        del block.ops[index:]
        self.function.blocks.append(rest)
        self.function.replace_uses({op.results[0]: nothing})
        return rest

    def _leave_at(self, block: Block, op: Op) -> None:
        block.ops.pop()
        at = Builder(block, None, op.loc)
        at.emit("dyn.setattr", (self.frame, op.operands[0]), (), None, name=_CURRENT)
        at.emit("dyn.setattr", (self.frame, _const(at, len(self.resumed))), (), None, name=_STATE)
        at.ret(_const(at, True))

    def _save_values(self) -> None:
        """Let what lives across a yield live in the frame."""
        live = liveness(self.body)
        crossing = {v: None for block in self.resumed for v in live.live_in[block] if v.block is not self.entry}
        for value in crossing:
            if not _is_constant(value):
                self.fields[value] = f"v{len(self.fields)}"
        for block in self.body.blocks:
            self._load_in(block, crossing)
        for value, field in self.fields.items():
            self._store(value, field)

    def _load_in(self, block: Block, crossing: dict[Value, None]) -> None:
        loaded: dict[Value, Value] = {}
        index = 0
        while index < len(block.ops):
            op = block.ops[index]
            for value in dict.fromkeys(op.used_values()):
                if value in crossing and value.block is not block and value not in loaded:
                    at = Builder(block, index, op.loc)
                    loaded[value] = self._load(at, value)
                    assert at.index is not None
                    index = at.index
            op.replace_uses(loaded)
            index += 1

    def _load(self, at: Builder, value: Value) -> Value:
        if value.op is not None and _is_constant(value):
            return at.insert(clone_op(value.op, Copy())).results[0]
        loaded = at.op("dyn.getattr", self.frame, name=self.fields[value])
        return loaded if value.type is t.DYN else at.op("dyn.truth", loaded)

    def _store(self, value: Value, field: str) -> None:
        block = value.block
        index = 0 if value.op is None else block.ops.index(value.op) + 1
        at = Builder(block, index, None if value.op is None else value.op.loc)
        stored = value if value.type is t.DYN else at.op("dyn.from_bool", value)
        at.emit("dyn.setattr", (self.frame, stored), (), None, name=field)

    def _dispatch(self, begin: Block) -> None:
        """Go to where the state says. While the body runs, and if it panics, the generator is at its end."""
        at = Builder(self.entry, None, self.body.loc)
        state = at.op("dyn.getattr", self.frame, name=_STATE)
        at.emit("dyn.setattr", (self.frame, _const(at, _END)), (), None, name=_STATE)
        for number, block in enumerate([begin, *self.resumed], _BEGIN):
            other = Block(self.body, "other")
            self.body.blocks.append(other)
            at.cond_br(at.op("dyn.truth", at.op("dyn.eq", state, _const(at, number))), block, other)
            at.at_end(other)
        at.ret(_const(at, False))


def _is_constant(value: Value) -> bool:
    return value.op is not None and value.op.name == "dyn.const"


def _const(at: Builder, value: object) -> Value:
    return at.op("dyn.const", value=value)


def _write_current(current: Function, params: int) -> None:
    entry = current.add_block("entry")
    frame, *_ = [entry.add_param(t.DYN) for _ in range(1 + params)]
    at = Builder(entry)
    at.ret(at.op("dyn.getattr", frame, name=_CURRENT))


def _write_maker(function: Function, body: Function, current: Function) -> None:
    names = [param.name for param in body.params[1:]]
    function.blocks = []
    entry = function.add_block("entry")
    params = [entry.add_param(t.DYN, name) for name in names]
    at = Builder(entry, None, function.loc)
    used = {op.attrs["name"] for op in body.ops() if op.name == "dyn.setattr" and op.operands[0] is body.params[0]}
    frame = at.emit("dyn.frame", (), None, None, keys=sorted({*used, _STATE, _CURRENT})).results[0]
    at.emit("dyn.setattr", (frame, _const(at, _BEGIN)), (), None, name=_STATE)
    parts = [
        at.emit("dyn.closure", (frame, *params), None, None, function=part.name).results[0] for part in (body, current)
    ]
    at.ret(at.emit("dyn.construct", parts, None, None, type=TYPE, case=CASE).results[0])
