"""Users' own pipelines, from `wasmlathe.toml` or the table `tool.wasmlathe` of a `pyproject.toml`.

    [pipeline.edge]
    extends = "Os"                                       # a preset or another pipeline of the file; none: start empty
    plugins = ["simd", "./my_passes.py"]                 # names, or files relative to this one
    insert  = [{ pass = "strip-asserts", after = "inline", options = { keep = 1 } }]
    remove  = ["unroll"]
    [pipeline.edge.passes]                               # replaces whole stages
    mem     = ["licm", { repeat = 3, passes = ["const-fold", "dce"] }]
    [pipeline.edge.options]
    inline  = { budget = 80 }                            # of a pass, or of a plugin

Every word that means nothing is an error at its line. tomli tells no positions of values, so `locate` finds them again
in the text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..diagnostics import CompileError, Diagnostic, Diagnostics, SourceFile, Span, nearest
from .plan import Pipeline, PlanError, Repeat
from .plugins import is_file, unknown_plugin
from .presets import NAMELESS, PRESETS
from .registry import Registry

OWN_FILE = "wasmlathe.toml"
SHARED_FILE = "pyproject.toml"

_KEYS = ("extends", "plugins", "insert", "remove", "passes", "options")
_INSERT_KEYS = ("pass", "after", "before", "stage", "options")


@dataclass(frozen=True, slots=True)
class Config:
    """The pipelines of one file. `probed` are all paths that were looked at, whether or not there was a file."""

    source: SourceFile | None
    prefix: tuple[str, ...]
    pipelines: dict[str, dict[str, Any]]
    probed: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        return os.path.dirname(self.source.name) if self.source else ""


def find_config(folder: str) -> Config:
    """The configuration for source files in `folder`: the nearest one upwards. Raises CompileError if it is broken."""
    probed: list[str] = []
    for path in _candidates(folder):
        probed.append(path)
        if not os.path.isfile(path):
            continue
        found = _read(SourceFile.load(path), probed)
        if found is not None:
            return found
    return Config(None, (), {}, tuple(probed))


def _candidates(folder: str) -> Iterator[str]:
    folder = os.path.abspath(folder)
    while True:
        yield os.path.join(folder, OWN_FILE)
        yield os.path.join(folder, SHARED_FILE)
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent


def _read(source: SourceFile, probed: list[str]) -> Config | None:
    """The configuration in a file; None for a `pyproject.toml` that says nothing about wasmlathe."""
    import tomli

    try:
        document = tomli.loads(source.text)
    except tomli.TOMLDecodeError as error:
        start = min(error.pos, max(len(source.text) - 1, 0))
        message = f"broken TOML: {error.msg[:1].lower()}{error.msg[1:]}"
        raise CompileError([Diagnostic("error", "E0505", message, Span(source, start, start + 1))]) from None
    prefix: tuple[str, ...] = ()
    if os.path.basename(source.name) == SHARED_FILE:
        prefix = ("tool", "wasmlathe")
        tools = document.get("tool")
        if not isinstance(tools, dict) or "wasmlathe" not in tools:
            return None
        document = tools["wasmlathe"]
    diagnostics = Diagnostics()
    checker = _Checker(source, prefix, diagnostics)
    document = checker.table(document, ("wasmlathe",))
    checker.keys(document, ("pipeline",), ())
    pipelines = checker.table(document.get("pipeline", {}), ("pipeline",))
    for name, entries in pipelines.items():
        checker.pipeline(name, entries)
    diagnostics.raise_if_errors()
    return Config(source, prefix, pipelines, tuple(probed))


class _Checker:
    """Reports whatever has another shape than the module's docstring shows."""

    def __init__(self, source: SourceFile, prefix: tuple[str, ...], diagnostics: Diagnostics) -> None:
        self._source = source
        self._prefix = prefix
        self._diagnostics = diagnostics

    def pipeline(self, name: str, entries: Any) -> None:
        path = ("pipeline", name)
        if name in PRESETS:
            self._error(f"'{name}' is a preset; a pipeline needs a name of its own", path, name)
        table = self.table(entries, path)
        self.keys(table, _KEYS, path)
        self._kind(table.get("extends", ""), str, "a text", (*path, "extends"))
        self._texts(table, "plugins", path)
        self._texts(table, "remove", path)
        for entry in self._list(table, "insert", path):
            self._insert(entry, (*path, "insert"))
        for stage, passes in self.table(table.get("passes", {}), (*path, "passes")).items():
            self._passes(passes, (*path, "passes", stage))
        for owner, values in self.table(table.get("options", {}), (*path, "options")).items():
            self.table(values, (*path, "options", owner))

    def keys(self, table: Any, known: tuple[str, ...], path: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                close = nearest(key, known)
                hint = f"did you mean '{close}'?" if close else f"the keys are {', '.join(known)}"
                self._error(f"unknown key '{key}'", path, key, hint)

    def table(self, value: Any, path: tuple[str, ...]) -> dict[str, Any]:
        return value if self._kind(value, dict, "a table", path) else {}

    def _insert(self, entry: Any, path: tuple[str, ...]) -> None:
        table = self.table(entry, path)
        self.keys(table, _INSERT_KEYS, path)
        if table and "pass" not in table:
            self._error("an insertion needs a `pass`", path, "insert")
        for key in ("pass", "after", "before", "stage"):
            self._kind(table.get(key, ""), str, f"a text for '{key}'", path)
        self.table(table.get("options", {}), path)

    def _passes(self, entries: Any, path: tuple[str, ...]) -> None:
        if not self._kind(entries, list, "a list of passes", path):
            return
        for entry in entries:
            if isinstance(entry, dict):
                self.keys(entry, ("repeat", "passes"), path)
                limit = entry.get("repeat")
                if type(limit) is not int or limit < 1:
                    self._error("a group needs `repeat` with a number of at least 1", path, "repeat")
                self._texts(entry, "passes", path)
            else:
                self._kind(entry, str, "the name of a pass", path)

    def _texts(self, table: dict[str, Any], key: str, path: tuple[str, ...]) -> None:
        for item in self._list(table, key, path):
            self._kind(item, str, f"a list of texts for '{key}'", (*path, key))

    def _list(self, table: dict[str, Any], key: str, path: tuple[str, ...]) -> list[Any]:
        value = table.get(key, [])
        return value if self._kind(value, list, f"a list for '{key}'", (*path, key)) else []

    def _kind(self, value: Any, kind: type, what: str, path: tuple[str, ...]) -> bool:
        if not isinstance(value, kind):
            self._error(f"expected {what}, not {value!r}", path, path[-1] if path else "")
            return False
        return True

    def _error(self, message: str, path: tuple[str, ...], word: str, hint: str | None = None) -> None:
        self._diagnostics.error("E0505", message, locate(self._source, (*self._prefix, *path), word), hint)


# Making pipelines of it


def chain(config: Config, name: str) -> list[str]:
    """The pipelines that `name` extends, the outermost first: a preset or nothing, then those of the file.

    Raises CompileError for a name that neither is a preset nor stands in the file, and for circles.
    """
    names: list[str] = []
    while name not in PRESETS:
        if name not in config.pipelines:
            raise _unknown_pipeline(config, name, names)
        if name in names:
            raise _located(config, PlanError("E0505", f"pipeline '{name}' extends itself", None, name), names[-1])
        names.append(name)
        parent = config.pipelines[name].get("extends")
        if parent is None:
            return names[::-1]
        name = parent
    return [name, *names[::-1]]


def _unknown_pipeline(config: Config, name: str, extended_by: list[str]) -> CompileError:
    known = [*PRESETS, *config.pipelines]
    close = nearest(name, known)
    place = f"{config.source.name} has" if config.source else "there is no wasmlathe.toml, and presets are"
    hint = f"did you mean '{close}'?" if close else f"{place} {', '.join(known if config.source else PRESETS)}"
    error = PlanError("E0504", f"unknown pipeline '{name}'", hint, name)
    if extended_by:
        return _located(config, error, extended_by[-1])
    return CompileError([Diagnostic("error", error.code, error.message, hint=hint)])


def requested_plugins(config: Config, name: str) -> list[str]:
    """What the `plugins` of a pipeline and of those that it extends ask for, files as paths.

    Raises CompileError for those that do not exist.
    """
    requests: list[str] = []
    for part in chain(config, name):
        for request in config.pipelines.get(part, {}).get("plugins", ()):
            path = os.path.normpath(os.path.join(config.folder, request)) if is_file(request) else request
            unknown = unknown_plugin(path)
            if unknown is not None:
                raise _located(config, PlanError(unknown.code, unknown.message, unknown.hint, request), part)
            requests.append(path)
    return requests


def make_pipeline(config: Config, name: str, registry: Registry) -> Pipeline:
    """The pipeline called `name`, as presets and configuration say, not yet edited by plugins. Raises CompileError."""
    base, *rest = chain(config, name)
    pipeline = Pipeline(name, registry, PRESETS.get(base))
    pipeline.has_names = base not in NAMELESS
    diagnostics = Diagnostics()
    for part in rest if base in PRESETS else [base, *rest]:
        for edit in _edits(pipeline, config.pipelines[part]):
            try:
                edit()
            except PlanError as error:
                diagnostics.add(_diagnostic(config, error, part))
    diagnostics.raise_if_errors()
    return pipeline


def _edits(pipeline: Pipeline, table: dict[str, Any]) -> Iterator[Callable[[], object]]:
    """The edits of one table of the file, in the order in which they are made."""
    for stage, passes in table.get("passes", {}).items():
        entries = [Repeat(e["repeat"], tuple(e["passes"])) if isinstance(e, dict) else e for e in passes]
        yield partial(pipeline.set_stage, stage, entries)
    for name in table.get("remove", ()):
        yield partial(pipeline.remove, name)
    for entry in table.get("insert", ()):
        place = {key: value for key, value in entry.items() if key != "pass"}
        yield partial(pipeline.insert, entry["pass"], **place)
    for owner, values in table.get("options", {}).items():
        for option, value in values.items():
            yield partial(pipeline.set_option, owner, option, value)


def _diagnostic(config: Config, error: PlanError, part: str) -> Diagnostic:
    span = locate(config.source, (*config.prefix, "pipeline", part), error.word) if config.source else None
    return Diagnostic("error", error.code, error.message, span, error.hint)


def _located(config: Config, error: PlanError, part: str) -> CompileError:
    return CompileError([_diagnostic(config, error, part)])


# Finding the place of a word

_HEADER = re.compile(r"^[ \t]*\[\[?\s*([^\[\]\n]+?)\s*\]\]?", re.MULTILINE)


def locate(source: SourceFile, path: tuple[str, ...], word: str) -> Span:
    """Where `word` stands: in the table that shares most of `path`, else anywhere, else the first line."""
    best = _tables(source.text, path)
    pattern = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])") if word else None
    for start, end in best:
        found = pattern and pattern.search(source.text, start, end)
        if found:
            return Span(source, found.start(), found.end())
    return Span(source, 0, max(source.text.find("\n"), 1))


def _tables(text: str, path: tuple[str, ...]) -> list[tuple[int, int]]:
    """The extents of the file's tables, header included, those that share more of `path` first."""
    starts: list[tuple[int, tuple[str, ...]]] = [(0, ())]
    for header in _HEADER.finditer(text):
        keys = tuple(part.strip().strip("\"'") for part in header.group(1).split("."))
        starts.append((header.start(), keys))
    ends = [start for start, _keys in starts[1:]] + [len(text)]
    ranked = sorted(
        (-len(os.path.commonprefix([keys, path])), start, end) for (start, keys), end in zip(starts, ends, strict=True)
    )
    return [(start, end) for _rank, start, end in ranked]
