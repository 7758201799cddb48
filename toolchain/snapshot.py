"""What the passes made of a program, as a text to be reviewed and compared: a *golden*.

    program kernel.tova, pipeline O2, stage mem, function dot
    == passes                                   how often each pass changed the function
    mem  hoist-guards  3
    == remarks                                  what the passes say about its lines
    4  unchecked  index-range  the index is always in range
    == size
    == ir                                       without places, values numbered by block: a change stays where it is
    == wat

Only the program's own functions are in it: what becomes of the library changes nothing here but the size of the module,
which is told where no function is named.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .codegen.code_sizes import code_sizes
from .diagnostics import SourceFile, nearest
from .driver import Compilation, CompileOptions, compile_file, compile_source
from .ir.core import Function, Module
from .ir.print import SteadyNames, review_text
from .pipeline.events import PassEvent
from .pipeline.hookspecs import hookimpl
from .pipeline.manager import functions_of
from .pipeline.observers import is_step, wat_functions
from .pipeline.plugins import problem
from .pipeline.preparing import PipelineRequest
from .pipeline.remark_kinds import REFUSED, is_internal, kind_of
from .pipeline.spec import PASS_STAGES, Remark

#: What can be in a golden, in the order in which it is there.
SECTIONS = ("passes", "remarks", "size", "ir", "wat")
DEFAULT_SECTIONS = ("passes", "remarks", "size", "ir")

#: The name of a program that is given as text.
TEXT_NAME = "program.tova"

_WAT_PLACE = re.compile(r"^ *;;@ .*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Request:
    """One compilation whose goldens are wanted."""

    program: str
    pipeline: str = "O2"
    #: Show the IR as this pass or step left it last, instead of at the end of the stage.
    after: str | None = None
    exports: tuple[tuple[str, tuple[str, ...]], ...] = ()
    plugins: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether the program is given itself, not the path of its file."""
        return "\n" in self.program or not self.program.endswith(".tova")


class Record:
    """The observer: how often each step changed each of the program's functions, and the texts after one step."""

    def __init__(self, after: str | None = None) -> None:
        self.after = after
        #: Function -> (stage, step) -> applications that changed it.
        self.changes: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        #: Function -> its text as `after` left it.
        self.texts: dict[str, str] = {}
        self._before: dict[Function, str] = {}
        self._names: dict[Function, SteadyNames] = defaultdict(SteadyNames)

    @hookimpl
    def wasmlathe_before_pass(self, event: PassEvent) -> None:
        if isinstance(event.unit, Module):
            self._before = self._states(event.unit)

    @hookimpl
    def wasmlathe_after_pass(self, event: PassEvent) -> None:
        if event.changed:
            key = event.stage, event.pass_name
            if isinstance(event.unit, Module):
                after = self._states(event.unit)
                for function in {**self._before, **after}:
                    if self._before.get(function) != after.get(function):
                        self.changes[function.source_name][key] += 1
            elif isinstance(event.unit, Function) and event.unit.loc is not None:
                self.changes[event.unit.source_name][key] += 1
        if self.after is not None and is_step(event, self.after):
            own = [f for f in functions_of(event.unit) if f.loc is not None]
            self.texts.update({f.name: review_text(f) for f in own})

    def _states(self, module: Module) -> dict[Function, str]:
        own = [f for f in functions_of(module) if f.loc is not None]
        return {f: self._names[f].text(f) for f in own}


@dataclass
class Compiled:
    """A compilation and what was recorded of it."""

    request: Request
    compilation: Compilation
    record: Record

    @cached_property
    def wat(self) -> dict[str, str]:
        """The WebAssembly text of each function. Binaryen's module is gone once it is written, so it is made again."""
        return wat_functions(_compile(self.request, stop_at="wasm").modules["wasm"])


def compile_for_review(request: Request) -> Compiled:
    """Compile a program for its goldens. Raises CompileError for what is wrong with it or with the request."""
    record = Record(request.after)
    return Compiled(request, _compile(request, observers=[record]), record)


def _compile(request: Request, **more: Any) -> Compilation:
    options = CompileOptions(
        PipelineRequest(request.pipeline, request.plugins, settings=request.settings, without=request.without),
        exports={name: list(types) for name, types in request.exports} or None,
        **more,
    )
    options.pipeline.telling = True
    if request.is_text:
        return compile_source(SourceFile(TEXT_NAME, request.program), options)
    return compile_file(request.program, options)


def golden(
    compiled: Compiled, stage: str = "mem", function: str | None = None, include: Iterable[str] = DEFAULT_SECTIONS
) -> str:
    """The text for a function, or for all of the program's. Raises CompileError for words that mean nothing."""
    wanted = tuple(include)
    _check_word("stage", stage, PASS_STAGES[:-1])
    for section in wanted:
        _check_word("part of a snapshot", section, SECTIONS)
    view = _View(compiled, stage, function)
    lines = [view.title()]
    for section in SECTIONS:
        if section in wanted:
            lines += [f"== {section}", getattr(view, section)()]
    return "\n".join(line.rstrip("\n") for line in lines) + "\n"


@dataclass(slots=True)
class _View:
    """The sections of one golden."""

    compiled: Compiled
    stage: str
    function: str | None

    def title(self) -> str:
        request = self.compiled.request
        name = TEXT_NAME if request.is_text else request.program.replace("\\", "/").rpartition("/")[2]
        about = f"program {name}, pipeline {request.pipeline}, stage {self.stage}"
        about += f", function {self.function}" if self.function else ""
        return about + (f", after {request.after}" if request.after else "")

    def passes(self) -> str:
        total: Counter[tuple[str, str]] = Counter()
        for name, changes in self.compiled.record.changes.items():
            if self.function in (None, name):
                total += changes
        order = [
            (stage, step.label)
            for stage in PASS_STAGES
            for step in self.compiled.compilation.prepared.pipeline.steps(stage)
        ]
        return "\n".join(f"{stage}  {label}  {total[stage, label]}" for stage, label in order if total[stage, label])

    def remarks(self) -> str:
        counted = Counter(filter(self._is_shown, self.compiled.compilation.remarks))
        ordered = sorted(counted, key=lambda r: (r.loc is not None, r.loc or (), r.kind, r.text, r.step))
        lines: dict[str, int] = Counter()
        for remark in ordered:
            line = remark.loc.line if remark.loc is not None else "-"
            lines[f"{line}  {remark.kind}  {remark.step}  {remark.text}"] += counted[remark]
        return "\n".join(f"{line}{f'  ({times} times)' if times > 1 else ''}" for line, times in lines.items())

    def _is_shown(self, remark: Remark) -> bool:
        return self.function in (None, remark.function) and not is_internal(remark)

    def size(self) -> str:
        artifact = self.compiled.compilation.artifact
        assert artifact is not None  # the compilation went to its end
        functions = self._functions(self.compiled.compilation.modules["mem"])
        ops = sum(len(block.ops) for f in functions for block in f.blocks)
        blocks = sum(len(f.blocks) for f in functions)
        known = code_sizes(artifact.wasm) if self.function is not None else {}  # a nameless module tells none
        if known:
            size = f"function-bytes  {sum(known[f.name] for f in functions)}"
        else:
            size = f"module-bytes  {len(artifact.wasm)}"
        return f"{size}\nmem-ops  {ops}\nmem-blocks  {blocks}"

    def ir(self) -> str:
        texts = self.compiled.record.texts
        functions = self._functions(self.compiled.compilation.modules[self.stage])
        if self.compiled.request.after is None:
            return "\n".join(map(review_text, functions))
        names = [f.name for f in functions]
        return (
            "\n".join(texts[name] for name in names if name in texts) or f"({self.compiled.request.after} did not run)"
        )

    def wat(self) -> str:
        names = {f.name for f in self._functions(self.compiled.compilation.modules["mem"])}
        return "\n".join(_WAT_PLACE.sub("", text) for name, text in self.compiled.wat.items() if name in names)

    def _functions(self, module: Module) -> list[Function]:
        own = [f for f in module.functions.values() if f.blocks and f.loc is not None]
        chosen = [f for f in own if self.function in (None, f.source_name, f.name)]
        if not chosen and self.function is not None:
            close = nearest(self.function, [f.source_name for f in own])
            hint = f"did you mean '{close}'?" if close else "it was inlined wherever it is called, or has another name"
            raise problem("E0502", f"no function '{self.function}' at stage {module.stage}", hint)
        return chosen


def _check_word(what: str, word: str, known: Sequence[str]) -> None:
    if word not in known:
        close = nearest(word, known)
        hint = f"did you mean '{close}'?" if close else f"there is {', '.join(known)}"
        raise problem("E0502", f"unknown {what} '{word}'", hint)


def exports_of(exports: Mapping[str, Sequence[str]] | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Exports as a part of a request."""
    return tuple((name, tuple(types)) for name, types in (exports or {}).items())


# --- comparing --------------------------------------------------------------------------------------------------------


def sections_of(text: str) -> dict[str, list[str]]:
    """The lines of each section of a golden; the title is the section ""."""
    found: dict[str, list[str]] = {"": []}
    name = ""
    for line in text.splitlines():
        if line.startswith("== "):
            name = line[3:]
            found[name] = []
        elif line:
            found[name].append(line)
    return found


def losses(old: str, new: str) -> list[str]:
    """What the program has lost since the golden `old`, in sentences; the passes that do less come first."""
    before, after = sections_of(old), sections_of(new)
    return [*_lost_passes(before, after), *_lost_remarks(before, after), *_grown(before, after)]


def _lost_passes(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> list[str]:
    old, new = _fired(before), _fired(after)
    return [
        f"pass '{label}' ({stage}) fired {_times(count)} in the golden and {new.get((stage, label), 0)} now"
        for (stage, label), count in old.items()
        if new.get((stage, label), 0) < count
    ]


def _fired(sections: Mapping[str, list[str]]) -> dict[tuple[str, str], int]:
    rows = [line.split("  ") for line in sections.get("passes", ())]
    return {(row[0], row[1]): int(row[2]) for row in rows if len(row) == 3 and row[2].isdecimal()}


def _lost_remarks(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> list[str]:
    """Remarks of the golden that nobody makes any more, and refusals that are new; whatever their lines are."""
    old, new = _said(before), _said(after)
    gone = [f"no longer {words}" for words, count in old.items() if new[words] < count and not _is_refusal(words)]
    refused = [f"now {words}" for words, count in new.items() if old[words] < count and _is_refusal(words)]
    return gone + refused


def _said(sections: Mapping[str, list[str]]) -> Counter[str]:
    """`kind: text (step)` -> how often, wherever."""
    found: Counter[str] = Counter()
    for row in (line.split("  ") for line in sections.get("remarks", ())):
        if len(row) >= 4:
            found[f"{row[1]}: {row[3]} ('{row[2]}')"] += 1
    return found


def _is_refusal(words: str) -> bool:
    return kind_of(words.partition(":")[0]).color == REFUSED


def _grown(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> list[str]:
    old, new = _sizes(before), _sizes(after)
    return [f"{what}: {count} -> {new[what]}" for what, count in old.items() if new.get(what, 0) > count]


def _sizes(sections: Mapping[str, list[str]]) -> dict[str, int]:
    rows: list[Any] = [line.split("  ") for line in sections.get("size", ())]
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdecimal()}


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
