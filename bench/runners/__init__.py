"""The sides of a measurement: our own programs and the peers, by the names they have on the command line."""

from __future__ import annotations

from .clang import NATIVE, WASM, WASM_SIMD
from .go import GO
from .lua import LUA, LUAJIT, LUAJIT_OFF
from .node import NODE
from .peer import Peer

#: In the order in which they are shown; the first that a kernel has is the one its ratio is told against.
PEERS: dict[str, Peer] = {peer.name: peer for peer in (GO, WASM, WASM_SIMD, NATIVE, NODE, LUAJIT, LUAJIT_OFF, LUA)}

#: Those that are asked when none is named; the others are variants, or need minutes for a kernel.
USUAL = tuple(name for name, peer in PEERS.items() if peer.is_usual)
