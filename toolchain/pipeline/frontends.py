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
    """Opens source files and remembers which, because a cached result is only good as long as they are the same."""

    __slots__ = ("paths",)

    def __init__(self) -> None:
        self.paths: list[str] = []

    def load(self, path: str) -> SourceFile:
        """The text at `path`. Raises CompileError if it cannot be read or is not UTF-8."""
        source = SourceFile.load(path)
        if path not in self.paths:
            self.paths.append(path)
        return source


@dataclass(frozen=True, slots=True)
class Frontend:
    """A source language. `to_hir` reports errors to the collector; it opens imported files through the reader only."""

    name: str
    suffixes: tuple[str, ...]
    to_hir: Callable[[SourceFile, Diagnostics, SourceReader], Module]
