"""Reading the body of a function of textual IR: labels, ops, and the names between them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from ..diagnostics import Span, nearest
from . import types as t
from .core import Block, Function, Op, Target, Value
from .lines import Line, Token, converted, declaration
from .ops import TABLE, OpRow
from .print import literal_key, reference_key

if TYPE_CHECKING:
    from .parse import ModuleReader


class _Pending(NamedTuple):
    """An op or label that was read, and what of it can only be resolved at the end of the function."""

    op: Op
    operands: list[Token]
    targets: list[tuple[Token, list[Token]]]


class BodyReader:
    """Reads the blocks of one function. Names may be used before their definition, so they are resolved at its end."""

    def __init__(
        self, module: ModuleReader, function: Function, params: list[tuple[Token, t.Type]], header: tuple[int, int]
    ) -> None:
        self.module = module
        self.function = function
        self.params = params
        self.header = header
        self.home_file = function.loc.file if function.loc else ""
        self.block: Block | None = None
        self.block_token: Token | None = None
        self.is_broken = False  # a line of the current block could not be read, maybe its terminator
        self.blocks: dict[str, Block] = {}
        self.values: dict[str, Value] = {}
        self.poisoned: set[str] = set()  # names whose definition could not be read: their uses are no errors
        self.pending: list[_Pending] = []

    def poison(self, text: str) -> None:
        """Note what a line that cannot be read seems to define."""
        self.is_broken = True
        self.poisoned.update(_DEFINED.findall(text))

    def read_line(self, line: Line) -> None:
        if line.starts("^"):
            self.read_label(line)
        else:
            self.read_op(line)
        line.finish()

    # Blocks.

    def read_label(self, line: Line) -> None:
        self.end_block()
        token = line.name("^", "the name of a block")
        self.block = self.function.add_block(_kept_name(token))
        self.block_token = token
        self.module.places[self.block] = self.span(token)
        if token.text in self.blocks:
            line.fail(f"the block {token.text} exists already", None, token, "E0903")
        self.blocks[token.text] = self.block
        is_entry = len(self.function.blocks) == 1
        if is_entry:
            self.add_params(self.block, self.params)
        if line.token.text == "(" and is_entry:
            line.fail("the entry's parameters are those in the function's header")
        if line.accept("("):
            self.add_params(self.block, line.listed(")", lambda: declaration(line)))
        line.expect(":")
        self.block.cold = line.accept("cold")

    def add_params(self, block: Block, params: list[tuple[Token, t.Type]]) -> None:
        for token, type_ in params:
            self.define(token, block.add_param(type_, _kept_name(token)))

    def end_block(self) -> None:
        block, token = self.block, self.block_token
        is_open = block is not None and not (block.ops and block.ops[-1].row.terminator)
        if token is not None and is_open and not self.is_broken:
            hint = "end it with br, cond_br, switch, ret, panic or unreachable"
            self.module.error("E0902", f"the block {token.text} has no terminator", token.start, token.end, hint)
        self.is_broken = False

    # Ops.

    def read_op(self, line: Line) -> None:
        first = line.token
        results: list[tuple[Token, t.Type]] = []
        while line.starts("%"):
            results.append(declaration(line))
            if not line.accept(","):
                line.expect("=")
                break
        token = line.take("word", "an op")
        row = TABLE.get(token.text)
        if row is None:
            close = nearest(token.text, TABLE)
            line.fail(f"unknown op '{token.text}'", close and f"did you mean '{close}'?", token, "E0901")
        op = Op(row, [], tuple(type_ for _, type_ in results), self.read_constants(line, row, token))
        operands = self.read_operands(line)
        if line.accept("{"):
            self.read_attributes(line, op)
            line.accept(",")
        targets = self.read_targets(line)
        op.loc = line.location(self.home_file)
        line.finish()
        self.append(line, op, first)
        for value, (name, _) in zip(op.results, results, strict=True):
            value.name = _kept_name(name)
            self.define(name, value)
        self.pending.append(_Pending(op, operands, targets))
        self.module.places[op] = Span(self.module.source, first.start, line.tokens[line.at - 1].end)

    def read_constants(self, line: Line, row: OpRow, token: Token) -> dict[str, Any]:
        """`@name` and the literal after the op's name."""
        attrs: dict[str, Any] = {}
        if line.starts("@"):
            key = reference_key(row)
            if key is None:
                line.fail(f"'{row.name}' names nothing", f"{row.name}: {row.doc}")
            attrs[key] = line.name("@", "a name").name
        if line.starts_literal():
            key = literal_key(row)
            if key is None:
                line.fail(f"'{row.name}' takes no constant", "constants come from ops such as `i64.const 1`")
            attrs[key] = converted(line.literal(), row.attrs.get(key))
        return attrs

    def read_operands(self, line: Line) -> list[Token]:
        operands: list[Token] = []
        while line.starts("%"):
            operands.append(line.name("%", "an operand"))
            if not line.accept(","):
                return operands
        if operands and not line.starts("^"):
            line.expected("an operand or a target after ','")
        return operands

    def read_attributes(self, line: Line, op: Op) -> None:
        for key, value in line.attributes():
            if key.text in op.attrs:
                line.fail(f"the attribute '{key.text}' is given twice", None, key, "E0903")
            kind = op.row.attrs.get(key.text, op.row.attrs.get(key.text + "?"))
            op.attrs[key.text] = converted(value, kind)

    def read_targets(self, line: Line) -> list[tuple[Token, list[Token]]]:
        targets: list[tuple[Token, list[Token]]] = []
        while line.starts("^"):
            block = line.name("^", "the name of a block")
            args = line.listed(")", lambda: line.name("%", "an argument")) if line.accept("(") else []
            targets.append((block, args))
            if not line.accept(","):
                return targets
        if targets:
            line.expected("a target after ','")
        return targets

    def append(self, line: Line, op: Op, first: Token) -> None:
        if self.block is None:
            line.fail("an op stands before the first block", "begin the body with a label such as `^entry:`", first)
        if self.block.ops and self.block.ops[-1].row.terminator and not self.is_broken:
            hint = "begin a new block before it"
            line.fail(f"'{op.name}' comes after the terminator of its block", hint, first, "E0902")
        self.block.append(op)

    # Names.

    def define(self, token: Token, value: Value) -> None:
        if token.text in self.values:
            message, hint = f"the value {token.text} is defined twice", "every value has one definition"
            self.module.error("E0903", message, token.start, token.end, hint)
        self.values[token.text] = value

    def close(self) -> None:
        """Resolve the names, now that all are known."""
        self.end_block()
        for op, operands, targets in self.pending:
            op.operands = self.resolve_values(operands)
            for token, args in targets:
                block = self.blocks.get(token.text)
                if block is None:
                    self.unknown("block", token, self.blocks)
                else:
                    op.targets.append(Target(block, self.resolve_values(args)))

    def resolve_values(self, tokens: list[Token]) -> list[Value]:
        found = [self.values.get(token.text) for token in tokens]
        for token, value in zip(tokens, found, strict=True):
            if value is None:
                self.unknown("value", token, self.values)
        return [value for value in found if value is not None]

    def unknown(self, kind: str, token: Token, known: Iterable[str]) -> None:
        if token.text in self.poisoned:
            return
        close = nearest(token.text, known)
        hint = f"did you mean '{close}'?" if close else None
        self.module.error("E0902", f"the function has no {kind} {token.text}", token.start, token.end, hint)

    def span(self, token: Token) -> Span:
        return Span(self.module.source, token.start, token.end)


_DEFINED = re.compile(r"%[\w$.-]+(?=\s*:)|(?<=^)\^[\w$.-]+")


def _kept_name(token: Token) -> str | None:
    """The name that the IR keeps: numbers are for what has none."""
    name = token.name
    return None if name.isdecimal() else name
