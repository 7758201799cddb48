"""Taking what the passes of a segment made of a function from the cache.

    key = digest(toolchain, passes and options, body, what is known of what the body mentions)
    value = the body afterwards, remarks, number of applications, what the function does (`effects`)

The key holds all that passes see. While they make a value, they look at the module through a
`Window`, which notices when one
looks at something else: another function's body, a function that is not called, an analysis of the whole module. Then
nothing is kept. So a pass that looks far makes compilations slower, not wrong. Places are not part of the key: a function
that moved to other lines is the same function; remarks whose text names a line are therefore not kept either.
"""

from __future__ import annotations

import marshal
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..fingerprint import fingerprint
from ..ir.compact import Symbols, Unknown, content_of, decode, encode
from ..ir.core import Function, Module
from ..ir.ops import Effects
from ..sealed import digest, new_digest
from .plan import Group, Pipeline, Step
from .spec import Remark
from .window import Sight

if TYPE_CHECKING:
    from wasmlathe.passes.analysis.effects import Summary

    from ..function_cache import FunctionCache
    from .segments import LiveSummaries, Segment

#: What `marshal` writes in this version only depends on the value.
_CANONICAL = 2
_KEY_BYTES = 20
_LINE = re.compile(r"\bline \d")


@dataclass(slots=True)
class Question:
    """A function as it is before a segment: the key, and what the answer is to be read or written with."""

    key: bytes
    function: Function
    symbols: Symbols
    #: What passes may look at, because the key holds it.
    sight: Sight


@dataclass(frozen=True, slots=True)
class Made:
    """What the passes of a segment made besides the body."""

    remarks: list[Remark]
    applied: int
    summary: Summary


class Reuse:
    """Asks the cache about functions, and tells it, during one compilation."""

    def __init__(self, cache: FunctionCache, pipeline: Pipeline) -> None:
        self._cache = cache
        self._surroundings = _surroundings(pipeline)
        #: Segments, which live as long as their numbers are used, and the digests of what they run.
        self._segments: dict[int, tuple[Segment, bytes | None]] = {}
        self._data: dict[str, Any] = {}

    def enter(self) -> None:
        """The module is another one than before, or was changed."""
        self._data.clear()

    def ask(self, segment: Segment, stage: str, function: Function, known: LiveSummaries) -> Question | None:
        """The question about `function`; None if it or the segment cannot be kept."""
        passes = self._passes(segment, stage)
        if passes is None:
            return None
        symbols = Symbols()
        body = encode(function, symbols)
        head = function.name, function.source_name, function.exported, _types(function), symbols.place(function.loc)
        mentioned, surroundings = self._mentioned(function, known, symbols)
        try:
            content = marshal.dumps((head, function.attrs, body, surroundings), _CANONICAL)
        except ValueError:  # an attribute of a kind that only lives in this process
            return None
        symbols.close()
        key = new_digest(passes + content, digest_size=_KEY_BYTES).digest()
        return Question(key, function, symbols, Sight(function, frozenset(mentioned)))

    def answer(self, question: Question) -> Made | None:
        """What is kept, after the function has been given its body; None if there is nothing."""
        value = self._cache.get(question.key)
        if value is None:
            return None
        function, symbols = question.function, question.symbols
        try:
            body, attrs, remarks, applied, (flags, reads, writes, diverges) = marshal.loads(value)
            blocks = decode(body, function, symbols)
            told = [Remark(kind, symbols.loc(place), *rest) for kind, place, *rest in remarks]
        except (ValueError, TypeError, EOFError, KeyError, IndexError):  # whole, and yet nothing that we wrote
            self._cache.discard(question.key)
            return None
        function.blocks, function.attrs = blocks, attrs
        from wasmlathe.passes.analysis.effects import Summary

        return Made(told, applied, Summary(Effects(flags), frozenset(reads), frozenset(writes), diverges))

    def keep(self, question: Question, made: Made) -> None:
        """Keep what the passes made of the function."""
        symbols = question.symbols
        if question.sight.has_looked_away or any(_LINE.search(remark.text) for remark in made.remarks):
            return
        summary = made.summary
        try:
            body = encode(question.function, symbols)
            remarks = [(r.kind, symbols.place(r.loc), r.text, r.function, r.step) for r in made.remarks]
            flags = summary.effects.value, sorted(summary.reads), sorted(summary.writes), summary.may_diverge
            value = marshal.dumps((body, question.function.attrs, remarks, made.applied, flags))
        except (ValueError, Unknown):
            return
        self._cache.put(question.key, value)

    def _passes(self, segment: Segment, stage: str) -> bytes | None:
        """The digest of what the segment runs; None if a stranger's pass does not say that it may be kept."""
        known = self._segments.get(id(segment))
        if known is None:
            known = self._segments[id(segment)] = segment, self._digest(segment, stage)
        return known[1]

    def _digest(self, segment: Segment, stage: str) -> bytes | None:
        entries = [e if isinstance(e, Group) else Group(1, [e]) for e in segment.entries]
        if not all(_is_keepable(step) for entry in entries for step in entry.steps):
            return None
        text = repr([(e.limit, [(s.label, s.spec.name, s.options) for s in e.steps]) for e in entries])
        return digest(f"{self._surroundings}\n{stage}\n{text}".encode())

    def _mentioned(self, function: Function, known: LiveSummaries, symbols: Symbols) -> tuple[set[str], list[Any]]:
        """Everything that the ops of `function` name, and what passes may know of it."""
        module = function.module
        callees: dict[str, None] = {}
        names: dict[str, None] = {}
        for block in function.blocks:
            for op in block.ops:
                if op.attrs:
                    if "callee" in op.attrs:
                        callees[op.attrs["callee"]] = None
                    elif "name" in op.attrs:
                        names[op.attrs["name"]] = None
        found: list[Any] = [_callee(module.functions.get(name), known) for name in callees]
        found.append(_known(known[function.name]) if known.is_recursive(function) else None)
        for table in (module.globals, module.layouts, module.closures):
            found.append([(name, _entry(table[name])) for name in names if name in table])
        found.append([self._content(name, module) for name in symbols.data.items])
        return {function.name, *callees, *names, *symbols.data.items}, found

    def _content(self, name: str, module: Module) -> Any:
        found = self._data.get(name)
        if found is None:
            segment = module.data.get(name)
            found = () if segment is None else content_of(segment, module.data)
            self._data[name] = found = digest(marshal.dumps(found, _CANONICAL))
        return found


def _surroundings(pipeline: Pipeline) -> str:
    """Which toolchain runs, and which strangers' code runs with it."""
    strangers = [plugin for plugin in pipeline.registry.plugins.items if not plugin.is_builtin]
    lines = [fingerprint(), repr(pipeline.plugin_options)]
    for plugin in strangers:
        lines.append(f"{plugin.name} {plugin.origin} {plugin.is_active}")
        for path in plugin.files():
            with open(path, "rb") as stream:
                lines.append(f"{path} {digest(stream.read()).hex()}")
    return "\n".join(lines)


def _is_keepable(step: Step) -> bool:
    return step.plugin.is_builtin or step.spec.is_cacheable


def _types(function: Function) -> tuple[list[str], list[str]]:
    return [type_.text for type_ in function.param_types], [type_.text for type_ in function.results]


def _callee(function: Function | None, known: LiveSummaries) -> Any:
    if function is None:
        return None
    about = function.name, function.source_name, function.exported, repr(function.attrs), bool(function.blocks)
    return about, _types(function), _known(known[function.name])


def _known(summary: Summary) -> Any:
    return summary.effects.value, sorted(summary.reads), sorted(summary.writes), summary.may_diverge


def _entry(entry: Any) -> str:
    """A global, a layout or a closure as text."""
    return repr([getattr(entry, slot) for slot in entry.__slots__])
