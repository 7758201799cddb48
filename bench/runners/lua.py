"""Lua, compiled while it runs (LuaJIT) and interpreted (by LuaJIT too, and by Lua itself): one source for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..catalog import PEERS
from ..sampling import Run
from .peer import Peer
from .process import timed_process


@dataclass(frozen=True, slots=True)
class Lua(Peer):
    """Lua in one of its implementations, which gets `options`."""

    options: tuple[str, ...] = ()

    def source(self, kernel: str) -> Path:
        return PEERS / "lua" / f"{kernel}.lua"

    def prepare(self, kernel: str, args: Sequence[str]) -> Run:
        return timed_process(self.name, [*self.tools, *self.options, self.source(kernel), *args])


LUAJIT = Lua("luajit", "LuaJIT", ("luajit",), ("luajit", "-v"))
LUAJIT_OFF = Lua(
    "luajit-off", "LuaJIT's interpreter", ("luajit",), ("luajit", "-v"), is_usual=False, options=("-joff",)
)
LUA = Lua("lua", "Lua", ("lua5.4",), ("lua5.4", "-v"), is_usual=False)
