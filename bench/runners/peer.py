"""What a peer is: another language's way to do the work of a kernel."""

from __future__ import annotations

import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..sampling import Run
from .process import output_of


@dataclass(frozen=True, slots=True)
class Peer(ABC):
    """A language with its tools. Subclasses say how a kernel is found, built and run.

    `version_command` prints something with a version in it; `tools` are all programs that have to be on PATH.
    """

    name: str
    title: str
    tools: tuple[str, ...]
    version_command: tuple[str, ...]
    is_usual: bool = True

    def missing_tools(self) -> list[str]:
        return [tool for tool in self.tools if shutil.which(tool) is None]

    def version(self) -> str:
        """The version of the compiler or interpreter, as 1.19.8; "unknown" if it tells none."""
        found = re.search(r"\d+(\.\d+)+\S*", output_of(self.version_command))
        return found.group() if found else "unknown"

    @abstractmethod
    def source(self, kernel: str) -> Path:
        """Where the kernel's program in this language is, if there is one."""

    @abstractmethod
    def prepare(self, kernel: str, args: Sequence[str]) -> Run:
        """Build the kernel, which may come from the cache; what runs it. Raises Failed."""
