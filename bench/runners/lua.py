"""Lua, compiled while it runs (LuaJIT) and interpreted: one source for both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..catalog import PEERS
from ..sampling import Run
from .peer import Peer
from .process import timed_process


class Lua(Peer):
    def source(self, kernel: str) -> Path:
        return PEERS / "lua" / f"{kernel}.lua"

    def prepare(self, kernel: str, args: Sequence[str]) -> Run:
        return timed_process(self.name, [*self.tools, self.source(kernel), *args])


LUAJIT = Lua("luajit", "LuaJIT", ("luajit",), ("luajit", "-v"))
LUA = Lua("lua", "Lua", ("lua5.4",), ("lua5.4", "-v"), is_usual=False)
