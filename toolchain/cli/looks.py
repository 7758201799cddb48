"""What `run` tells of a program that has ended, from the memory that it leaves: `--stats` and `--count`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..outcome import tell

if TYPE_CHECKING:
    from ..artifact import Artifact
    from ..bytecode.counting import Counts


class Looks:
    """The looks that were asked for. What was counted is long, so it is told when all of the program's output is out."""

    def __init__(self, stats: bool, count: bool) -> None:
        self._stats = stats
        self._count = count
        self._artifact: Artifact | None = None
        self._counts: Counts | None = None

    def run(self, artifact: Artifact | None, run: Callable[..., int]) -> int:
        """The status of `run`, which is called with what is to look at the memory. Raises what it raises."""
        self._artifact = artifact
        try:
            return run(look=self._look if self._stats or self._count else None)
        finally:
            if self._counts is not None:
                from .counting import text

                tell(text(self._counts))
            elif self._count and artifact is None:
                tell("nothing was counted: the program did not run on the VM")

    def _look(self, memory: memoryview, heap: int, stopped: tuple[int, int]) -> None:
        if self._stats:
            from ..wasm_runtime import heap_stats

            tell("\n".join(heap_stats.read(memory, heap).lines()))
        if self._count and self._artifact is not None:
            from ..bytecode.counting import read

            self._counts = read(memory, self._artifact.manifest["vm"], stopped)
