"""The command `wasmlathe`. A run of an unchanged program needs no compiler, so it is tried before anything is loaded."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line of this process; its exit status."""
    try:
        from wasmlathe import quick

        status = quick.run(sys.argv[1:])
        if status is None:
            from wasmlathe.cli import main as command_line

            status = command_line(sys.argv[1:])
    except KeyboardInterrupt:  # while nothing but imports had happened
        return 130
    return status
