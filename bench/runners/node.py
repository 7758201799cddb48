"""JavaScript in Node."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..catalog import PEERS
from ..sampling import Run
from .peer import Peer
from .process import timed_process


class Node(Peer):
    def source(self, kernel: str) -> Path:
        return PEERS / "js" / f"{kernel}.js"

    def prepare(self, kernel: str, args: Sequence[str]) -> Run:
        return timed_process(self.name, ["node", self.source(kernel), *args])


NODE = Node("node", "Node", ("node",), ("node", "--version"))
