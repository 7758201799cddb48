"""Functions of stage mem by what they do: the same identity, in whatever program, is the same code.

    program A: @std.join.2 calls @rt-alloc, reads @string.7        both: 5c1f.., if @rt-alloc has one identity in both
    program B: @std.join   calls @rt-alloc, reads @string.3              and the strings are the same

An identity is a digest of the ops with values by number, and of the identities of what they name: callees, data, variables.
Functions that call each other in a circle have identities as a group (as the digests of Merkle trees cannot be circular).
What the collector keeps, and variables, are by name: they are state, of which a module has one. Names of values, places in the
source, aliases and hints do not matter to what compiled code does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..ir.core import DataSegment, Function, Module, Op
from ..lower import layout
from ..lower.descriptors import TABLE
from ..passes.analysis.callgraph import callgraph
from ..sealed import new_digest

#: Segments that are never written, whose names are numbers of a module.
_STRING, _BYTES_NAME = re.compile(r"string\.\d+"), re.compile(r"bytes\.\d+")
#: Those whose content depends on the program, but not the code that uses them.
OF_PROGRAM = frozenset({TABLE})
#: The function that marks what variables refer to: each program has its own.
MARK_GLOBALS = "rt-mark-globals"
_HINTS = frozenset({"alias", "invariant", "likely"})
_BYTES = 16


class Identities:
    """The identities of what is in a module of stage mem."""

    __slots__ = ("_functions", "_module", "_segments")

    def __init__(self, module: Module) -> None:
        self._module = module
        self._segments: dict[str, bytes] = {}
        self._functions: dict[str, bytes] = {}
        for group in callgraph(module).components:
            self._add(group)

    def function(self, name: str) -> bytes:
        """The identity of a function with a body, or of an import."""
        return self._functions[name]

    def segment(self, name: str) -> bytes:
        """The identity of a data segment."""
        known = self._segments.get(name)
        if known is None:
            known = self._segments[name] = self._of_segment(self._module.data[name])
        return known

    def _of_segment(self, segment: DataSegment) -> bytes:
        if segment.name in OF_PROGRAM:
            return _digest(segment.name)
        if is_text(segment.name):
            return _digest("string", self._text(segment))
        name = "" if _BYTES_NAME.fullmatch(segment.name) else segment.name
        relocations = [
            (at, addend, self.segment(target) if target != segment.name else b"")
            for at, target, addend in segment.relocations
        ]
        return _digest(name, segment.content, segment.align, segment.room, relocations)

    def _text(self, string: DataSegment) -> bytes:
        """The bytes of a String object, which passes put where other strings have the same."""
        size = int.from_bytes(string.content[layout.STRING_BYTE_LENGTH : layout.STRING_BYTE_LENGTH + 4], "little")
        ((_at, name, addend),) = string.relocations
        content: bytes = self._module.data[name].content
        return content[addend : addend + size]

    def _add(self, group: list[Function]) -> None:
        inside = _names_inside(group)
        contents = {function.name: self._content(function, inside) for function in group}
        whole = _digest(sorted(contents.values()))
        for function in group:
            alone = len(group) == 1
            self._functions[function.name] = (
                contents[function.name] if alone else _digest(whole, contents[function.name])
            )

    def _content(self, function: Function, inside: dict[str, str]) -> bytes:
        if function.name == MARK_GLOBALS or not function.blocks:
            return _digest(function.name)
        numbers: dict[object, int] = {}
        for block in function.blocks:
            numbers[block] = len(numbers)
            for value in (*block.params, *(result for op in block.ops for result in op.results)):
                numbers[value] = len(numbers)
        own = inside[function.name] if len(inside) > 1 else None  # which of the functions of a circle has this body
        rows: list[Any] = [own, [str(type_) for type_ in function.results]]
        for block in function.blocks:
            rows.append([(numbers[param], str(param.type)) for param in block.params])
            rows += [self._row(op, numbers, inside) for op in block.ops]
        return _digest(rows)

    def _row(self, op: Op, numbers: Mapping[object, int], inside: dict[str, str]) -> tuple[Any, ...]:
        attrs = [(key, self._attribute(op, key, value, inside)) for key, value in sorted(op.attrs.items())]
        return (
            op.name,
            [(numbers[result], str(result.type)) for result in op.results],
            [numbers[operand] for operand in op.operands],
            [(numbers[target.block], [numbers[arg] for arg in target.args]) for target in op.targets],
            [(key, value) for key, value in attrs if key not in _HINTS],
        )

    def _attribute(self, op: Op, key: str, value: Any, inside: dict[str, str]) -> Any:
        if key == "callee":
            return inside[value] if value in inside else self._functions[value]
        if key == "data":
            return self.segment(value)
        return value


def is_text(name: str) -> bool:
    """True for the name of a segment that is a constant String, whose bytes are known by no other way."""
    return _STRING.fullmatch(name) is not None


def _names_inside(group: list[Function]) -> dict[str, str]:
    """What the functions of a circle are called in its identity: the number in a name depends on the program."""
    sources = {function.source_name for function in group}
    return {f.name: f.source_name if len(sources) == len(group) else f.name for f in group}


def _digest(*parts: object) -> bytes:
    state = new_digest(digest_size=_BYTES)
    state.update(repr(parts).encode("utf-8", "surrogatepass"))
    digest: bytes = state.digest()
    return digest
