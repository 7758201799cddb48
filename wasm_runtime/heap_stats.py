"""What the allocator of a program counted, read from its memory when it has ended."""

from __future__ import annotations

from dataclasses import dataclass
from struct import unpack_from

from wasmlathe.lower import heap_state as state
from wasmlathe.lower.size_classes import BLOCK_BYTES, CELL_BYTES


@dataclass(frozen=True, slots=True)
class HeapStats:
    """Bytes count whole cells; `live_bytes` are those that the last collection marked; pauses are in milliseconds."""

    objects: int
    allocated_bytes: int
    peak_bytes: int
    live_bytes: int
    collections: int
    longest_pause_ms: float
    pauses_ms: float

    def lines(self) -> list[str]:
        """One line for each fact."""
        return [
            f"allocations      {self.objects:,}",
            f"allocated        {_size(self.allocated_bytes)}",
            f"peak heap        {_size(self.peak_bytes)}",
            f"collections      {self.collections:,}",
            f"live at the last {_size(self.live_bytes)}",
            f"longest pause    {self.longest_pause_ms:.2f} ms",
            f"all pauses       {self.pauses_ms:.2f} ms",
        ]


NO_HEAP = HeapStats(0, 0, 0, 0, 0, 0.0, 0.0)


def read(memory: memoryview, heap: int) -> HeapStats:
    """The counts of a program compiled with `gc_stats`; `heap` is the address of its "rt-heap", 0 if it has none."""
    if not heap:
        return NO_HEAP

    def wide(name: str) -> int:
        number: int = unpack_from("<q", memory, heap + state.WIDE_FIELDS[name])[0]
        return number

    rest_bytes, rest_objects = _not_taken(memory, heap)
    return HeapStats(
        objects=wide("objects") - rest_objects,
        allocated_bytes=wide("allocated") + wide("since") - rest_bytes,
        peak_bytes=unpack_from("<I", memory, heap + state.FIELDS["blocks"])[0] * BLOCK_BYTES,
        live_bytes=wide("live"),
        collections=wide("collections"),
        longest_pause_ms=wide("longest") / 1000,
        pauses_ms=wide("paused") / 1000,
    )


def _not_taken(memory: memoryview, heap: int) -> tuple[int, int]:
    """Bytes and cells of the runs that allocation has not come to."""
    sizes = [
        (end - following, cell)
        for number, cell in enumerate(CELL_BYTES)
        for following, end in (unpack_from("<II", memory, heap + 8 * number),)
    ]
    return sum(size for size, _ in sizes), sum(size // cell for size, cell in sizes)


def _size(count: int) -> str:
    for unit, bits in (("GB", 30), ("MB", 20), ("KB", 10)):
        if count >= 1 << bits:
            return f"{count / (1 << bits):,.1f} {unit}"
    return f"{count} bytes"
