"""The files that some kernels read: made once, the same on every machine, kept in the compiler's cache folder.

`python -m wasmlathe.bench.data` makes all of the usual size; `file_for("brc", 10_000_000)` gives the path of a larger one.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from wasmlathe.cache import default_root

_KIND = "bench-data"
#: So many different rows or words are made, of which a file takes its own at random: making each anew takes minutes.
VARIETY = 50_000
BATCH = 100_000


@dataclass(frozen=True, slots=True)
class Data:
    """How a kernel's file is made: `pieces` of a size give its text bit by bit."""

    usual_size: int
    suffix: str
    pieces: Callable[[int], Iterator[str]]


def syllables(chance: random.Random, least: int, most: int) -> str:
    return "".join(
        chance.choice("bcdfghklmnprstvw") + chance.choice("aeiou") for _ in range(chance.randint(least, most))
    )


def drawn(chance: random.Random, variety: list[str], count: int) -> Iterator[str]:
    """So many of the texts, drawn at random, in batches."""
    for start in range(0, count, BATCH):
        yield "".join(chance.choices(variety, k=min(BATCH, count - start)))


def measurements(rows: int) -> Iterator[str]:
    """Lines `Station;-12.3` of 413 stations, as in the one billion row challenge."""
    chance = random.Random(1)
    stations = {syllables(chance, 2, 6).title(): chance.uniform(-10, 30) for _ in range(413)}
    names = list(stations)
    variety = []
    for _ in range(VARIETY):
        name = chance.choice(names)
        celsius = round(chance.gauss(stations[name], 10), 1) + 0.0  # no -0.0
        variety.append(f"{name};{celsius:.1f}\n")
    return drawn(chance, variety, rows)


def prose(megabytes: int) -> Iterator[str]:
    """Words separated by blanks and line ends, a few of them frequent, most of them rare."""
    chance = random.Random(2)
    words = [syllables(chance, 1, 4) for _ in range(VARIETY)]
    variety = [f"{words[int(VARIETY * chance.random() ** 4)]}{chance.choice('       ' + chr(10))}" for _ in words]
    size = 0
    for piece in drawn(chance, variety, megabytes * 1_000_000):
        if size + len(piece) > megabytes * 1_000_000:
            yield piece[: megabytes * 1_000_000 - size]
            return
        yield piece
        size += len(piece)


def people(records: int) -> Iterator[str]:
    """A JSON array of records with texts, numbers, Bools and arrays."""
    chance = random.Random(3)
    yield "["
    for number in range(records):
        record = {
            "name": f"{syllables(chance, 2, 4).title()} {syllables(chance, 2, 5).title()}",
            "age": chance.randint(0, 99),
            "active": chance.random() < 0.5,
            "score": round(chance.uniform(0, 1000), 3),
            "tags": [syllables(chance, 1, 3) for _ in range(chance.randint(0, 4))],
        }
        yield ("," if number else "") + json.dumps(record)
    yield "]\n"


DATA = {
    "brc": Data(1_000_000, "txt", measurements),
    "word_count": Data(20, "txt", prose),
    "json_parse": Data(112_000, "json", people),
}


def folder() -> Path:
    """Where the files are: a folder of the cache, so `wasmlathe cache` shows, limits and clears it too."""
    return Path(default_root()) / _KIND


def file_for(kernel: str, size: int | None = None) -> Path:
    """The path of the kernel's file of this size (rows, megabytes, records); makes it if it is not there."""
    data = DATA[kernel]
    path = folder() / f"{kernel}-{size or data.usual_size}.{data.suffix}"
    if path.exists():
        os.utime(path)  # the cache drops what was used the longest ago
        return path
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with unfinished.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(data.pieces(size or data.usual_size))
    unfinished.replace(path)
    return path


if __name__ == "__main__":
    for name in DATA:
        print(file_for(name))
