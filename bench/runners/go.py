"""Go: one package a kernel, in one module with what they share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..catalog import PEERS
from ..sampling import Run
from .peer import Peer
from .process import BUILD_SECONDS, built, finished, timed_process

_FOLDER = PEERS / "go"


class Go(Peer):
    def source(self, kernel: str) -> Path:
        return _FOLDER / kernel / "main.go"

    def prepare(self, kernel: str, args: Sequence[str]) -> Run:
        def build(path: Path) -> None:
            command = ("go", "build", "-trimpath", "-o", path, f"./{kernel}")
            finished("go build", command, BUILD_SECONDS, cwd=_FOLDER)

        sources = [*(_FOLDER / kernel).glob("*.go"), *(_FOLDER / "kernel").glob("*.go"), _FOLDER / "go.mod"]
        return timed_process(self.name, [built(("go build", self.version()), sources, build), *args])


GO = Go("go", "Go", ("go",), ("go", "version"))
