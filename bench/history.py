"""Measurements over time: a file of JSON lines, the newest last."""

from __future__ import annotations

import json
import os
from pathlib import Path

from .results import BadMeasurement, Measurement, from_json, to_json


def append(path: Path, measurement: Measurement) -> None:
    """Add a measurement without its single runs; one write, so that a reader sees all of the line or nothing.

    A line that an earlier process left unfinished is ended first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(to_json(measurement, with_runs=False), separators=(",", ":")) + "\n"
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        size = os.fstat(descriptor).st_size
        is_ended = not size or os.pread(descriptor, 1, size - 1) == b"\n"
        os.write(descriptor, (line if is_ended else f"\n{line}").encode())
    finally:
        os.close(descriptor)


def load(path: Path) -> list[Measurement]:
    """All measurements of the file; none if there is no file. Raises BadMeasurement with the number of the line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except UnicodeDecodeError:
        raise BadMeasurement("it is not UTF-8") from None
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(from_json(json.loads(line)))
        except json.JSONDecodeError as error:
            raise BadMeasurement(f"line {number} is no JSON: {error}") from None
        except BadMeasurement as error:
            raise BadMeasurement(f"line {number}: {error}") from None
    return found


def at_commit(measurements: list[Measurement], commit: str) -> Measurement | None:
    """The newest measurement of a commit, which may be shortened."""
    return next((found for found in reversed(measurements) if commit and found.commit.startswith(commit)), None)
