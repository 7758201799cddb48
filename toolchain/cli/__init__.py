"""The command line `wasmlathe`: one command a file, errors told in one place.

Exit status: 0; 1 when a program fails while it runs; 2 for bad usage and compile errors; `n` of `exit(n)`.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Run a command line; its exit status. No traceback reaches the user except under --traceback."""
    from .errors import told
    from .group import State, group

    state = State()
    return told(state, lambda: group.main(list(argv), "wasmlathe", standalone_mode=False, obj=state))
