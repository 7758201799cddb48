"""Ask the system for large pages behind a program's memory, so that its first touch costs a third.

The first 4 KiB page that is touched costs 1.6 us, a page of 2 MiB about as much as clearing it. What a small program uses
lies below the part that is asked for, so it does not pay for pages that it does not fill.
"""

from __future__ import annotations

import ctypes
import sys

#: From this address of a memory on.
FIRST = 4 << 20
_MADV_HUGEPAGE = 14  # of Linux


def ask(base: int, end: int) -> None:
    """Ask for the memory from `base + FIRST` up to the address `end`, also where it is only reserved so far.

    A system that refuses, or knows no large pages, is as slow as it was: that is no error.
    """
    if sys.platform.startswith("linux"):
        start = base + FIRST
        ctypes.CDLL(None).madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_HUGEPAGE)
