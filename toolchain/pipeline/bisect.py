"""Finding the application of a pass that breaks a program.

`good(n)` tells whether the program is right when only the first n applications run. If it is with none and is not with
all, some application in between turns it, and a binary search finds one with about log2(applications) compilations.
"""

from __future__ import annotations

from collections.abc import Callable


class NothingToFind(Exception):
    """The search has no start: the program is right with all passes, or wrong without any."""


def first_bad(good: Callable[[int], bool], total: int) -> int:
    """The number of an application n with good(n - 1) and not good(n). Raises NothingToFind."""
    if good(total):
        raise NothingToFind(f"the check passes after all {total} pass applications")
    if not good(0):
        raise NothingToFind("the check fails without any pass: no pass is at fault")
    low, high = 0, total
    while high - low > 1:
        middle = (low + high) // 2
        if good(middle):
            low = middle
        else:
            high = middle
    return high
