"""What a program may see of the world: nothing, but what the user grants.

    Grants(reads=("data",), writes=("out.txt",), names=("HOME",))

A granted folder stands for everything below it. Paths are compared after symbolic links and `..` are resolved.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # the name that type checkers know, without the import of `typing`
if TYPE_CHECKING:
    from collections.abc import Sequence


class Grants:
    """Files and folders that may be read, those that may be written, and environment variables."""

    __slots__ = ("names", "reads", "writes")

    def __init__(self, reads: Sequence[str] = (), writes: Sequence[str] = (), names: Sequence[str] = ()) -> None:
        self.reads = [os.path.realpath(path) for path in reads]
        self.writes = [os.path.realpath(path) for path in writes]
        self.names = frozenset(names)


NOTHING = Grants()


def covers(granted: Sequence[str], path: str) -> bool:
    """Whether a resolved path is one of the granted paths or below one."""
    return any(path == grant or path.startswith(grant.rstrip(os.sep) + os.sep) for grant in granted)
