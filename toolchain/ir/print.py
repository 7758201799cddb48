"""IR as text: `print` writes what `parse` reads, and print -> parse -> print is the identity.

    func @twice(%n: i64) -> i64 {
    ^entry:
      %r: i64 = i64.add %n, %n !2:5
      ret %r
    }

Names of the source are kept and made unique with suffixes (`%x`, `%x.1`); unnamed values and blocks are numbered in the
order of their definitions. The grammar is told in `parse`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from . import types as t
from .core import Block, DataSegment, Declaration, Function, Layout, Loc, Module, Op, Target, Value
from .ops import Effects, OpRow
from .ops.numeric import bits_of_f64

#: Attributes that name something: written `@x` right after the op's name.
REFERENCE_KEYS = ("callee", "name", "data")
#: Attributes that are the op's constant: written as a literal after the op's name.
LITERAL_KEYS = ("value", "message")
#: Function attributes with a clause of their own in the header.
HEADER_KEYS = frozenset({"import", "effects", "inline"})

_PLAIN_NAME = re.compile(r"[\w$.]+(?:-[\w$.]+)*")
_SUFFIX = re.compile(r"\.\d+$")
#: Places at the ends of lines, and the file in the header.
_PLACE = re.compile(
    r'(?: file "(?:[^"\\]|\\.)*")?(?: !(?:"(?:[^"\\]|\\.)*":)?\d+:\d+(?:\+\d+)?)?(?=(?: \{)?$)', re.MULTILINE
)
_CANONICAL_NAN = 0x7FF8000000000000
_SPECIAL = re.compile(r'[\\"]')
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def print(unit: Module | Function) -> str:  # the name says what it does: `ir.print.print(module)`
    """The text of a module or of one function, ending in a line end."""
    return _function_text(unit) if isinstance(unit, Function) else _module_text(unit)


def op_text(op: Op, function: Function) -> str:
    """One op of `function` as `print` would write it, without indentation."""
    return _op_line(op, _Names(function), _home_file(function))


def block_text(block: Block, function: Function) -> str:
    """The name of a block of `function` as `print` writes it."""
    return _Names(function).block(block)


@cache
def reference_key(row: OpRow) -> str | None:
    """Which attribute of the row's ops is written `@x` after the op's name."""
    return _first_key(row, REFERENCE_KEYS)


@cache
def literal_key(row: OpRow) -> str | None:
    """Which attribute of the row's ops is written as a literal after the op's name."""
    return _first_key(row, LITERAL_KEYS)


def _first_key(row: OpRow, keys: Iterable[str]) -> str | None:
    return next((key for key in keys if key in row.attrs or key + "?" in row.attrs), None)


# Words.


def quote(text: str) -> str:
    """`text` in double quotes, on one line, with what is unprintable escaped."""
    if text.isprintable() and not _SPECIAL.search(text):
        return f'"{text}"'
    return f'"{"".join(_escape(c) for c in text)}"'


def _escape(char: str) -> str:
    return _ESCAPES.get(char) or (char if char.isprintable() else f"\\u{{{ord(char):x}}}")


def name_text(sigil: str, name: str) -> str:
    """A name behind its sigil, quoted if it is made of anything but letters, digits and `_ $ . -`."""
    return sigil + (name if _PLAIN_NAME.fullmatch(name) else quote(name))


def float_text(x: float) -> str:
    """The shortest text of a double; a NaN with bits other than the usual ones names them."""
    if not math.isnan(x):
        return repr(x)
    bits = bits_of_f64(x) & 0xFFFFFFFFFFFFFFFF
    return "nan" if bits == _CANONICAL_NAN else f"nan:0x{bits:016x}"


def is_printable(value: Any) -> bool:
    """True if an attribute with this value has a textual form."""
    if isinstance(value, list):
        return all(map(is_printable, value))
    return value is None or type(value) in (bool, int, float, str)


def literal(value: Any) -> str:
    """The text of an attribute's value. What has no textual form is shown so that no parser takes it for one."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return str(value) if type(value) is int else f"?{value!r}?"


def bytes_text(content: bytes) -> str:
    """Bytes in double quotes: printable ASCII as it is, the rest as two hexadecimal digits."""
    return f'"{"".join(map(_BYTE_TEXTS.__getitem__, content))}"'


_BYTE_TEXTS = [chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:02x}" for b in range(256)]


def _attrs_text(attrs: dict[str, Any], left_out: Iterable[str | None] = ()) -> str:
    """` {key=value, ...}`, or nothing when no attribute is left."""
    items = [f"{key}={literal(value)}" for key, value in attrs.items() if key not in left_out]
    return f" {{{', '.join(items)}}}" if items else ""


def _loc_text(loc: Loc | None, home_file: str) -> str:
    if loc is None:
        return ""
    file = "" if loc.file == home_file else quote(loc.file) + ":"
    length = "" if loc.length == 1 else f"+{loc.length}"
    return f" !{file}{loc.line}:{loc.col}{length}"


def _home_file(function: Function) -> str:
    return function.loc.file if function.loc else ""


# Names of values and blocks.


class _Names:
    """Unique names for the values and blocks of one function."""

    __slots__ = ("_block_pool", "_value_pool", "blocks", "values")

    def __init__(self, function: Function | None = None) -> None:
        self.values: dict[Value, str] = {}
        self.blocks: dict[Block, str] = {}
        self._value_pool, self._block_pool = _Pool("%"), _Pool("^")
        if function is not None:
            self.learn(function)

    def learn(self, function: Function) -> None:
        """Name what has no name yet."""
        for block in function.blocks:
            if block not in self.blocks:
                self.blocks[block] = self._block_pool.unique(block.name)
            for param in block.params:
                self._name(param)
            for op in block.ops:
                for result in op.results:
                    self._name(result)

    def _name(self, value: Value) -> None:
        if value not in self.values:
            self.values[value] = self._value_pool.unique(value.name)

    def value(self, value: Value) -> str:
        """The name; one that ends in `?` belongs to a value that the function does not define."""
        return self.values.get(value) or f"%{value.name or ''}?"

    def block(self, block: Block) -> str:
        return self.blocks.get(block) or f"^{block.name or ''}?"

    def declaration(self, value: Value) -> str:
        return f"{self.value(value)}: {value.type}"


class SteadyNames:
    """Texts of one function as it changes, in which values and blocks keep the names that they got first.

    So two of the texts differ only where the function does. `print` numbers anew each time, as `parse` does.
    """

    __slots__ = ("_names",)

    def __init__(self) -> None:
        self._names = _Names()

    def text(self, function: Function) -> str:
        """The text of the function as it is now."""
        self._names.learn(function)
        return _function_text(function, self._names)


class _NamesByBlock(_Names):
    """Unnamed values are numbered from the start of their block: `%then.2`."""

    __slots__ = ()

    def learn(self, function: Function) -> None:
        for block in function.blocks:
            self.blocks[block] = self._block_pool.unique(block.name)
            home, number = self.blocks[block].removeprefix("^"), 0
            for value in (*block.params, *(result for op in block.ops for result in op.results)):
                is_named = bool(value.name) and not str(value.name).isdecimal()
                self.values[value] = self._value_pool.unique(value.name if is_named else f"{home}.{number}")
                number += not is_named


def review_text(function: Function) -> str:
    """The text for a reviewer who compares it with another day's: no places, and a change renames little behind it."""
    text = _function_text(function, _NamesByBlock(function))
    return _PLACE.sub("", text)


class _Pool:
    """Hands out each name once."""

    __slots__ = ("number", "sigil", "suffixes", "taken")

    def __init__(self, sigil: str) -> None:
        self.sigil = sigil
        self.number = 0
        self.taken: set[str] = set()
        self.suffixes: dict[str, int] = {}

    def unique(self, wanted: str | None) -> str:
        if not wanted or wanted.isdecimal():  # decimal names are the parser's for unnamed values
            self.number += 1
            return f"{self.sigil}{self.number - 1}"
        name = wanted
        if name in self.taken:
            base = _SUFFIX.sub("", wanted)
            suffix = self.suffixes.get(base, 1)
            while (name := f"{base}.{suffix}") in self.taken:
                suffix += 1
            self.suffixes[base] = suffix + 1
        self.taken.add(name)
        return name_text(self.sigil, name)


# Ops, functions, modules.


def _op_line(op: Op, names: _Names, home_file: str) -> str:
    row, attrs = op.row, op.attrs
    reference, constant = reference_key(row), literal_key(row)
    if not isinstance(attrs.get(reference or ""), str):
        reference = None  # missing or broken: shown in braces if at all
    if constant not in attrs:
        constant = None
    text = row.name
    if op.results:
        text = f"{', '.join(map(names.declaration, op.results))} = {text}"
    if reference:
        text += " " + name_text("@", attrs[reference])
    if constant:
        text += " " + literal(attrs[constant])
    operands = ", ".join(map(names.value, op.operands))
    if operands:
        text += " " + operands
    extra = _attrs_text(attrs, (reference, constant))
    text += extra
    if op.targets:
        separator = ", " if operands and not extra else " "
        text += separator + ", ".join(_target_text(target, names) for target in op.targets)
    return text + _loc_text(op.loc, home_file)


def _target_text(target: Target, names: _Names) -> str:
    args = f"({', '.join(map(names.value, target.args))})" if target.args else ""
    return names.block(target.block) + args


def _block_line(block: Block, names: _Names, is_entry: bool) -> str:
    params = "" if is_entry or not block.params else f"({', '.join(map(names.declaration, block.params))})"
    return f"{names.block(block)}{params}:{' cold' if block.cold else ''}"


def results_text(results: Iterable[t.Type]) -> str:
    """` -> ...` for the results of a function; nothing when there are none."""
    texts = [str(type_) for type_ in results]
    if not texts:
        return ""
    return f" -> {texts[0]}" if len(texts) == 1 else f" -> ({', '.join(texts)})"


def effects_text(effects: Effects) -> str:
    """The names of the effects, joined by `|`."""
    return (
        "|".join(effect.name or "" for effect in Effects if effect in effects and effect is not Effects.NONE) or "NONE"
    )


def _function_header(function: Function, names: _Names) -> str:
    params = map(names.declaration, function.params) if function.blocks else map(str, function.param_types)
    text = f"func {name_text('@', function.name)}({', '.join(params)}){results_text(function.results)}"
    attrs = function.attrs
    if "import" in attrs:
        module, name = attrs["import"]
        text = f"import {text} from {quote(module)} {quote(name)}"
    if "effects" in attrs:
        text += f" effects {effects_text(attrs['effects'])}"
    if function.exported is not None:
        text += f" export {quote(function.exported)}"
    if function.source_name != function.name:
        text += f" source {quote(function.source_name)}"
    if "inline" in attrs:
        text += f" inline {quote(attrs['inline'])}"
    text += _attrs_text(attrs, HEADER_KEYS)
    if function.loc:
        text += f" file {quote(function.loc.file)}{_loc_text(function.loc, function.loc.file)}"
    return text


def _function_text(function: Function, names: _Names | None = None) -> str:
    names = names or _Names(function)
    header = _function_header(function, names)
    if function.is_import:
        return header + "\n"
    home_file = _home_file(function)
    lines = [header + " {"]
    for block in function.blocks:
        lines.append(_block_line(block, names, block is function.blocks[0]))
        lines += ["  " + _op_line(op, names, home_file) for op in block.ops]
    return "\n".join(lines) + "\n}\n"


def _data_text(segment: DataSegment) -> str:
    places = [f"at {at} -> {name_text('@', name)}{_addend(addend)}" for at, name, addend in segment.relocations]
    head = f"data {name_text('@', segment.name)} align {segment.align} {bytes_text(segment.content)}"
    if segment.room:
        head += f" room {segment.room}"
    return " ".join([head, ", ".join(places)]) if places else head


def _addend(addend: int) -> str:
    return "" if addend == 0 else f" {'+' if addend > 0 else '-'} {abs(addend)}"


def _export_text(name: str, entry: dict[str, Any]) -> str:
    params = ", ".join(f"{quote(param['name'])}: {quote(param['type'])}" for param in entry["params"])
    return f"export {quote(name)} symbol {quote(entry['symbol'])} ({params}) -> {quote(entry['result'])}"


def _layout_text(layout: Layout) -> str:
    mutable = " mutable" if layout.mutable else ""
    fields = ", ".join(map(str, layout.fields))
    return f"layout {name_text('@', layout.name)} tag {layout.tag}{mutable} ({fields})\n"


def _declaration_text(declaration: Declaration) -> str:
    """The declared type, then a line for each of its cases, methods and functions without self."""
    name = name_text("@", declaration.name)
    head = f"type {name} {'sum' if declaration.is_sum else 'record'}"
    if declaration.source_name != declaration.name:
        head += f" source {quote(declaration.source_name)}"
    for clause, words in (("params", declaration.params), ("derives", sorted(declaration.derives))):
        head += f" {clause} ({', '.join(map(quote, words))})" if words else ""
    lines = [head]
    for case in declaration.cases:
        fields = ", ".join(f"{quote(field)}: {literal(type_)}" for field, type_ in case.fields)
        lines.append(f"case {name} {quote(case.name)} ({fields})")
    for kind, functions in (("method", declaration.methods), ("static", declaration.statics)):
        lines += [f"{kind} {name} {quote(called)} -> {name_text('@', f)}" for called, f in functions.items()]
    return "\n".join(lines) + "\n"


def _module_text(module: Module) -> str:
    sections = [[f"module {quote(module.name)} {module.stage}\n"]]
    sections.append(
        [
            f"global {name_text('@', g.name)}: {g.type} = {literal(g.init)}{'' if g.mutable else ' const'}\n"
            for g in module.globals.values()
        ]
    )
    sections.append([_data_text(segment) + "\n" for segment in module.data.values()])
    sections.append(
        [
            f"closure {name_text('@', c.name)} tag {c.tag} ({', '.join(map(str, c.captures))})\n"
            for c in module.closures.values()
        ]
    )
    sections.append([_layout_text(layout) for layout in module.layouts.values()])
    sections += [[_declaration_text(declaration)] for declaration in module.declarations.values()]
    sections.append([_export_text(name, entry) + "\n" for name, entry in module.exports.items()])
    for function in module.functions.values():
        if function.is_import and sections[-1] and sections[-1][-1].startswith("import "):
            sections[-1].append(_function_text(function))
        else:
            sections.append([_function_text(function)])
    return "\n".join("".join(section) for section in sections if section)
