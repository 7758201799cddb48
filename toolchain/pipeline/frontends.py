"""What a plugin says about a source language, and the reader through which its front-end opens files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..diagnostics import SourceFile

if TYPE_CHECKING:
    from ..diagnostics import Diagnostics
    from ..ir.core import Module


class SourceReader:
    """Opens source files and remembers them, because a cached result is only good as long as they are the same."""

    __slots__ = ("sources",)

    def __init__(self) -> None:
        #: Path -> file.
        self.sources: dict[str, SourceFile] = {}

    @property
    def paths(self) -> list[str]:
        return list(self.sources)

    def load(self, path: str) -> SourceFile:
        """The text at `path`. Raises CompileError if it cannot be read or is not UTF-8."""
        source = self.sources[path] = SourceFile.load(path)
        return source


@dataclass(frozen=True, slots=True)
class Frontend:
    """A source language. `to_hir` reports errors to the collector; it opens imported files through the reader only.

    `to_test_hir`, for languages with tests, does the same for the `test` command: every test is a function without
    parameters that is exported and has the attribute `test`, its name, and perhaps `timeout_ms`.
    """

    name: str
    suffixes: tuple[str, ...]
    to_hir: Callable[[SourceFile, Diagnostics, SourceReader], Module]
    to_test_hir: Callable[[SourceFile, Diagnostics, SourceReader], Module] | None = None
