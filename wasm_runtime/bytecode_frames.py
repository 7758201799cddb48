"""Open calls of bytecode: what the VM's frames in memory say about the moment of a failure.

    wasm frames                      frames told
    vm-run                           parse (p.tova:7:3), main (p.tova:20:1)
    _start                           _start

A frame begins with the address behind the call and the address of the caller's frame. The VM that compiled code started last
left its own pc and frame in globals; an outer one called compiled code, and what it left is in the header of the frame that
it made for that call (see `wasmlathe.bytecode.machine`).
"""

from __future__ import annotations

from wasmlathe.artifact import SourceMap
from wasmlathe.wasm_runtime.panics import Frame, Location

TYPE_CHECKING = False  # the name that type checkers know, without the import of `typing`
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

RUN = "vm-run"
#: How the names of functions begin that only pass calls on.
_GLUE = "vm-"
_STUB = "vm-from "
#: Exported: the frame that the VM made last for compiled code.
TOP = "vm-top"
#: Exported: address of the instruction, and of the frame, of what failed last or called compiled code last; and `TOP`.
GLOBALS = ("vm-place", "vm-frame", TOP)
#: wasmtime tells no more frames either.
MOST_FRAMES = 20


def stopped_at(frames: Sequence[Frame], memory: memoryview, place: int, frame: int, top: int) -> tuple[int, int]:
    """The addresses of the instruction and of the frame of the innermost open call; the last three are what the VM left."""
    if frames and frames[0].function != RUN:
        # Compiled code failed. It may have called bytecode before, whose VM left other addresses.
        return _word(memory, top), _word(memory, top + 4)
    return place, frame


def expand(
    frames: Sequence[Frame], vm: dict[str, Any], memory: memoryview, place: int, frame: int
) -> tuple[Frame, ...]:
    """The frames with those of the VM replaced by the calls that it was in.

    `vm` is the manifest's entry, `place` and `frame` say where the innermost of them is (`stopped_at`).
    """
    found: list[Frame] = []
    places = SourceMap(*vm["places"])
    inner = ""
    for outer in frames:
        if outer.function != RUN:
            # A stub is called by the function of bytecode's name, which only calls what is in its slot.
            if not outer.function.startswith(_GLUE) and not inner.startswith(_STUB):
                found.append(outer)
            inner = outer.function
            continue
        inner = RUN
        while len(found) < MOST_FRAMES:
            found.append(_frame(vm, places, place - vm["code"]))
            place, caller = _word(memory, frame), _word(memory, frame + 4)
            frame = caller
            if place == 0:
                # Compiled code started this VM: `frame` is what the VM outside of it had made for that call.
                place, frame = _word(memory, frame), _word(memory, frame + 4)
                break
            place -= 1  # inside of the call, not behind it
    return tuple(found)


def _frame(vm: dict[str, Any], places: SourceMap, offset: int) -> Frame:
    name = "bytecode"
    for start, function in vm["functions"]:
        if start > offset:
            break
        name = function
    place = places.lookup(offset)
    return Frame(name, Location(*place) if place else None, offset)


def _word(memory: memoryview, address: int) -> int:
    return int.from_bytes(memory[address : address + 4], "little") if 0 <= address <= len(memory) - 4 else 0
