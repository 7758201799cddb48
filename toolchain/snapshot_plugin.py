"""The pytest plugin of wasmlathe: the fixture `wasmlathe_snapshot`, built on syrupy.

    def test_dot(wasmlathe_snapshot):
        wasmlathe_snapshot("kernel.tova", pipeline="O2", function="dot")

Every pytest run of the environment imports this module, so it imports nothing of the compiler before the fixture is used.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import pytest

_FOLDER_OPTION = "wasmlathe_snapshot_dir"

#: So many lines of the difference are shown; the golden's file has all of them.
_MOST_LINES = 80


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(
        _FOLDER_OPTION, "Folder of the goldens of wasmlathe_snapshot (default: __snapshots__ beside each test)."
    )


@pytest.fixture
def wasmlathe_snapshot(request: pytest.FixtureRequest) -> WasmlatheSnapshot:
    """Compares what the compiler makes of a program with a reviewed golden; `--snapshot-update` writes it."""
    if not request.config.pluginmanager.has_plugin("syrupy"):
        pytest.fail("wasmlathe_snapshot needs syrupy: pip install syrupy", pytrace=False)
    return WasmlatheSnapshot(request, request.getfixturevalue("snapshot"))


class WasmlatheSnapshot:
    """What the fixture gives: call it with a program."""

    def __init__(self, request: pytest.FixtureRequest, snapshot: Any) -> None:
        folder = request.config.getini(_FOLDER_OPTION)
        root = str(request.config.rootpath / folder) if folder else ""
        self._snapshot = snapshot.use_extension(_extension(root))
        self._folders = (request.path.parent, request.config.rootpath)

    def __call__(
        self,
        program: str | os.PathLike[str],
        *,
        pipeline: str = "O2",
        stage: str = "mem",
        function: str | None = None,
        include: Sequence[str] = ("passes", "remarks", "size", "ir"),
        after: str | None = None,
        exports: Mapping[str, Sequence[str]] | None = None,
        plugins: Sequence[str] = (),
        settings: Sequence[str] = (),
        without: Sequence[str] = (),
        name: str | None = None,
    ) -> None:
        """Fail the test unless the golden says what the compiler does now.

        `program` is a file (relative to the test's folder or the root) or a source text. `include` chooses from passes,
        remarks, size, ir and wat; `after` shows the IR as a pass left it; `name` tells several goldens of one test apart.
        """
        __tracebackhide__ = True
        from .diagnostics import CompileError, render_all
        from .snapshot import Request, exports_of, golden

        path = os.fspath(program)
        parts = exports_of(exports), tuple(plugins), tuple(settings), tuple(without)
        try:
            compiled = _compiled(Request(self._found(path), pipeline, after, *parts), _stamp(self._found(path)))
            text = golden(compiled, stage, function, include)
        except CompileError as error:
            pytest.fail(render_all(error.diagnostics), pytrace=False)
        self._compare(text, name)

    def _found(self, program: str) -> str:
        for folder in self._folders:
            if program.endswith(".tova") and (folder / program).is_file():
                return str(folder / program)
        return program

    def _compare(self, text: str, name: str | None) -> None:
        __tracebackhide__ = True
        snapshot = self._snapshot(name=name) if name else self._snapshot
        if snapshot == text:
            return
        result = self._snapshot.executions[self._snapshot.num_executions - 1]
        if result.recalled_data is None:
            pytest.fail("there is no golden yet; `pytest --snapshot-update` writes it for review", pytrace=False)
        pytest.fail(difference(str(result.recalled_data), text), pytrace=False)


def difference(old: str, new: str) -> str:
    """What a reviewer wants to know: first what was lost and which pass no longer does it, then the lines."""
    from .snapshot import losses

    lost = losses(old, new)
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), "golden", "now", lineterm="", n=2))
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"... and {len(lines) - _MOST_LINES} more lines"]
    title = "an optimization was lost" if lost else "the golden is out of date; of what it records nothing was lost"
    head = [title, *(f"  - {sentence}" for sentence in lost)]
    return "\n".join([*head, "", *lines, "", "if it should: pytest --snapshot-update, and review the diff"])


def _stamp(program: str) -> float:
    """When the file was last changed, so that a test that edits it sees the change."""
    return os.stat(program).st_mtime_ns if os.path.isfile(program) else 0.0


@lru_cache(maxsize=8)
def _compiled(request: Any, _changed: float) -> Any:
    """The compilation, made once for all goldens of a session that look at it."""
    from .snapshot import compile_for_review

    return compile_for_review(request)


@cache
def _extension(root: str) -> Any:
    """How syrupy stores the goldens: one text file each, in `root` or in `__snapshots__` beside the test."""
    from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

    class Golden(SingleFileSnapshotExtension):
        _write_mode = WriteMode.TEXT
        file_extension = "golden"

        @classmethod
        def dirname(cls, *, test_location: Any) -> str:
            if not root:
                return str(super().dirname(test_location=test_location))
            return str(Path(root) / test_location.basename)

    return Golden
