"""What lowering can be asked for."""

from __future__ import annotations

from dataclasses import dataclass

from .heap_state import MARKS_BYTES


@dataclass(frozen=True, slots=True)
class LowerOptions:
    """How a program is to be lowered."""

    #: Export the allocator, for hosts that pass strings and arrays to the program's exports.
    host_allocates: bool = False
    #: Collect at every allocation, and overwrite what is free: for finding references that the collector does not see.
    gc_stress: bool = False
    #: Count objects and measure pauses.
    gc_stats: bool = False
    #: Room for objects that wait to be followed; tests take little.
    mark_stack_bytes: int = MARKS_BYTES
