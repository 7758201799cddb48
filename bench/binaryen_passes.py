"""Which of Binaryen's passes help after ours: each one is added to the preset, or taken out of it, and the suite compared.

    python -m wasmlathe.bench.binaryen_passes --preset O3 --seconds 50      again and again, until nothing is left to do
    python -m wasmlathe.bench.binaryen_passes --preset O3 --table           the table of docs/binaryen.md

The mem IR of every program is made once; only code generation and Binaryen run for each candidate.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from wasmlathe.cli.table import table
from wasmlathe.passes.binaryen_passes import PASSES, PREFIX

from .trials import Finding, Log, compare, until
from .variants import SMALL_SIZES, Stages, Suite, stages_of

_LOGS = Path("build/bench")
#: Means that differ from 1 by less say nothing, on a machine as noisy as this.
_NOISE = {"size": 0.0005, "time": 0.02}


def candidates(preset: str) -> Iterator[tuple[str, Stages]]:
    """(name, pipeline) for every pass that can be added at the end, and for every step that can be taken out."""
    usual = stages_of(preset)["wasm"]
    for step in map(str, usual):
        yield f"without {_short(step)}", _only([entry for entry in usual if entry != step])
    for name in PASSES:
        label = PREFIX + name
        count = sum(str(step).partition("#")[0] == label for step in usual)
        if count == 0:
            yield f"with {name}", _only([*usual, label])
        elif count == 1:
            yield f"with {name} again", _only([*usual, f"{label}#again"])


def _only(steps: list[object]) -> Stages:
    """A pipeline that runs these steps of stage wasm; the IR that it is given has its passes behind it."""
    return {"hir": [], "typed": [], "mem": [], "wasm": [str(step) for step in steps]}


def _short(step: str) -> str:
    return step.removeprefix(PREFIX)


def measure(preset: str, names: list[str], runs: int, seconds: float, log: Log) -> bool:
    """Try the candidates that the log does not have, until the time is over; True if all are done."""
    todo = [(name, stages) for name, stages in candidates(preset) if name not in log.findings]
    if not todo:
        return True
    suite = Suite(names, preset, shared="mem")
    usual = _only(list(stages_of(preset)["wasm"]))
    base = {name: suite.compile(name, usual) for name in names}
    for (name, stages), _ in zip(todo, until(seconds), strict=False):
        log.add(compare(name, suite, base, partial(suite.compile, stages=stages), runs))
        print(_line(log.findings[name]), flush=True)
    return len(log.findings) >= len(list(candidates(preset)))


def _line(finding: Finding) -> str:
    return f"{finding.candidate}: size {finding.mean_size:.4f}, time {finding.mean_time:.3f}"


def report(log: Log) -> str:
    """All findings as a table, the smallest code first."""
    rows = [
        (
            finding.candidate,
            f"{100 * (finding.mean_size - 1):+.2f} %",
            f"{100 * (finding.mean_time - 1):+.1f} %",
            str(len(finding.time)),
            _verdict(finding),
        )
        for finding in sorted(log.findings.values(), key=lambda finding: finding.mean_size)
    ]
    return table(("candidate", "size", "time", "programs changed", ""), rows, right=range(1, 4))


def _verdict(finding: Finding) -> str:
    words = []
    for what, mean in (("size", finding.mean_size), ("time", finding.mean_time)):
        if abs(mean - 1) > _NOISE[what]:
            better = {"size": "smaller", "time": "faster"} if mean < 1 else {"size": "larger", "time": "slower"}
            words.append(better[what])
    return ", ".join(words) or "no difference"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--preset", default="O3", choices=("O1", "O2", "O3", "Os"))
    parser.add_argument("--programs", default=",".join(SMALL_SIZES), help="names with commas between")
    parser.add_argument("--runs", type=int, default=5, help="runs of each side; 0: only compare sizes")
    parser.add_argument("--seconds", type=float, default=50, help="stop after so long; the next call goes on")
    parser.add_argument("--log", type=Path, help="where the findings are kept")
    parser.add_argument("--table", action="store_true", help="only show what was found")
    args = parser.parse_args()
    log = Log(args.log or _LOGS / f"binaryen-{args.preset}.jsonl")
    if not args.table:
        done = measure(args.preset, args.programs.split(","), args.runs, args.seconds, log)
        print("all candidates are measured" if done else "to be continued: call again")
    print(report(log))


if __name__ == "__main__":
    main()
