"""Does another pipeline make the programs of the suite smaller or faster? And what was found out before.

Base and candidate run in turn, and the shortest runs are compared, in seconds of the processor: what disturbs a run makes it
longer, never shorter. A program of which both make the same bytes is not run. Every finding is a line of JSON in a file, so that a measurement
of many candidates can be stopped and goes on later.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic, process_time

from wasmlathe.artifact import Artifact

from .figures import geometric_mean
from .runners.wasm import artifact_run
from .sampling import Run, check_output
from .variants import SMALL_SIZES, Suite

#: Makes the artifact of one program.
Make = Callable[[str], Artifact]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a candidate did: ratios to the base by program (below 1: smaller, faster), and why it could not be tried."""

    candidate: str
    size: dict[str, float] = field(default_factory=dict)
    time: dict[str, float] = field(default_factory=dict)
    failure: str = ""

    @property
    def mean_size(self) -> float:
        return geometric_mean(self.size.values()) if self.size else 1.0

    @property
    def mean_time(self) -> float:
        """Over all programs; those whose code did not change count as 1."""
        return geometric_mean([self.time.get(name, 1.0) for name in self.size]) if self.size else 1.0


def compare(name: str, suite: Suite, base: dict[str, Artifact], make: Make, runs: int) -> Finding:
    """Compile all programs with the candidate and compare them with the base. `runs` of 0 only compares sizes."""
    sizes: dict[str, float] = {}
    times: dict[str, float] = {}
    for program in suite.names:
        artifact = make(program)
        sizes[program] = len(artifact.wasm) / len(base[program].wasm)
        if runs and artifact.wasm != base[program].wasm:
            times[program] = time_ratio(program, base[program], artifact, runs)
    return Finding(name, sizes, times)


def time_ratio(program: str, base: Artifact, artifact: Artifact, runs: int) -> float:
    """The shortest run of `artifact` by that of `base`. Raises Failed if they print different texts."""
    args = [str(SMALL_SIZES[program])]
    sides = [artifact_run("base", base, args), artifact_run("candidate", artifact, args)]
    first, second = [side() for side in sides]
    check_output("base", first.text, "candidate", second.text)
    shortest = [math.inf, math.inf]
    for _ in range(runs):
        for index, side in enumerate(sides):
            shortest[index] = min(shortest[index], processor_seconds(side))
    return shortest[1] / shortest[0]


def processor_seconds(side: Run) -> float:
    """What a run takes of the processor, in all threads: programs have one of their own."""
    start = process_time()
    side()
    return process_time() - start


class Log:
    """Findings in a file, one JSON object a line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text().splitlines() if path.exists() else []
        self.findings = {line["candidate"]: Finding(**line) for line in map(json.loads, lines)}

    def add(self, finding: Finding) -> None:
        self.findings[finding.candidate] = finding
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps(asdict(finding)) + "\n")


def until(seconds: float) -> Iterator[None]:
    """Goes on until so much time is over."""
    end = monotonic() + seconds
    while monotonic() < end:
        yield
