"""A collector that collects at every allocation, for `execute`: what is not found from the roots is overwritten at once.

It knows the roots from the shadow stack alone, which is filled downwards from `SHADOW_END`. So a pass that does not store
what lives across a call changes what the program computes.
"""

from __future__ import annotations

import struct

#: The end of the shadow stack; all other data lies behind it.
SHADOW_END = 5120
_HEAP_BYTES = 1 << 14
_GARBAGE = 0xDB


class Collector:
    """The heap of one run, behind everything else in memory."""

    def __init__(self, memory: bytearray) -> None:
        self.memory = memory
        self.begin = 0
        #: Address -> size of the objects that live, or were made since the last collection.
        self.objects: dict[int, int] = {}
        #: Every word of an object -> the object.
        self.owner: dict[int, int] = {}

    def allocate(self, stack: int, size: int) -> int:
        """The address of a new object of zeros; `stack` is the lowest address in use of the shadow stack, 0: unknown."""
        memory = self.memory
        if not self.begin:
            self.begin = self.end = -(-len(memory) // 8) * 8
            memory.extend(bytes(_HEAP_BYTES + self.begin - len(memory)))
        if stack:
            self.collect(stack)
        size = -(-max(size & 63, 8) // 8) * 8
        address = self.end
        if address + size > len(memory):
            memory.extend(bytes(_HEAP_BYTES))
        self.objects[address] = size
        self.owner.update(dict.fromkeys(range(address, address + size, 8), address))
        self.end += size
        return address

    def collect(self, stack: int) -> None:
        """Overwrite what cannot be reached from the words between `stack` and the top of the shadow stack."""
        memory = self.memory
        todo = list(struct.unpack_from(f"<{(SHADOW_END - stack) // 4}I", memory, stack))
        live: dict[int, int] = {}
        while todo:
            address = self.owner.get(todo.pop() & ~7, 0)
            size = self.objects.get(address)
            if size is not None and address not in live:
                live[address] = size
                todo += struct.unpack_from(f"<{size // 4}I", memory, address)
        for address, size in self.objects.items():
            if address not in live:
                memory[address : address + size] = bytes((_GARBAGE,)) * size
        self.objects = live
