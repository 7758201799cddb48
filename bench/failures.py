"""What can go wrong with one side of one kernel, told without ending the measurement of the others."""

from __future__ import annotations


class Failed(Exception):
    """A side cannot be built or run, or two do not agree; the text says which and why."""
