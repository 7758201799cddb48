"""Compare what random programs over the data types do, until told to stop.

    python -m tests.programs.fuzz --count 1000 --seed 1

Every program runs on the Python engine without optimization and on wasm at some levels; every few programs also run on the
Python engine at O2 and with a collection at every allocation, one in four as bytecode; one in four has values whose kinds the compiler cannot know,
and has to do the same as without that. A difference is shown with its seed, once for what is
probably the same fault, and then with as few statements as still show it. Ends with status 1 if there was any.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections import Counter
from random import Random

from .comparing import Difference, Way, difference, is_same, shrink
from .generate_data import boxed_program, program
from .running import LEVELS


def chosen_program(seed: int) -> str:
    """The program of a seed; of every few, values are hidden from inference."""
    return boxed_program(Random(seed)) if seed % 4 == 0 else program(Random(seed))


def ways(seed: int, levels: int, gc_stress: bool) -> list[Way]:
    """Some ways to run the program of a seed."""
    rng = Random(-seed)
    chosen = [Way("wasm", level) for level in rng.sample(LEVELS, levels)]
    if rng.random() < 0.1:
        chosen.append(Way("python", "O2"))
    if gc_stress or rng.random() < 0.1:
        chosen.append(Way("wasm", rng.choice(LEVELS), gc_stress=True))
    if seed % 4 == 0:
        chosen.append(Way("python", "O0", unboxed=True))
    if seed % 4 == 1:
        chosen.append(Way("vm", rng.choice(LEVELS), gc_stress=gc_stress))
    return chosen


class Findings:
    """Faults that were found, by what they look like."""

    def __init__(self, seconds_to_shrink: float) -> None:
        self.seconds_to_shrink = seconds_to_shrink
        self.count: Counter[str] = Counter()

    def add(self, seed: int, text: str, found: Difference) -> None:
        self.count[found.key] += 1
        if self.count[found.key] > 1:
            say(f"seed {seed}: again: {found.key}")
            return
        say(f"seed {seed}: {found.key}\n{found.text}")
        smaller = shrink(text, lambda t: is_same(t, found), self.seconds_to_shrink)
        say(f"--- seed {seed}, {len(smaller.splitlines())} lines\n{smaller}---")


def say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=1000, help="how many programs")
    parser.add_argument("--seed", type=int, default=1, help="the first seed; each program takes the next")
    parser.add_argument(
        "--levels", type=int, default=1, choices=range(1, len(LEVELS) + 1), help="wasm levels a program"
    )
    parser.add_argument(
        "--gc-stress", action="store_true", help="run every program with a collection at every allocation"
    )
    parser.add_argument(
        "--shrink", type=float, default=60.0, metavar="SECONDS", help="time for making a finding smaller"
    )
    options = parser.parse_args()
    # IR is cyclic garbage once a program is done; what was imported is none, and need not be looked at every time.
    gc.freeze()
    gc.disable()
    findings, started, done = Findings(options.shrink), time.monotonic(), 0
    try:
        for seed in range(options.seed, options.seed + options.count):
            text, tried = chosen_program(seed), ways(seed, options.levels, options.gc_stress)
            found = difference(text, tried)
            if found is not None:
                findings.add(seed, text, found)
            done += 1
            if done % 5 == 0:
                gc.collect()
            if done % 200 == 0:
                say(
                    f"{done} programs, {(time.monotonic() - started) / done:.2f} s each, {findings.count.total()} wrong"
                )
    except KeyboardInterrupt:
        pass
    say(f"{done} programs from seed {options.seed}: {findings.count.total()} wrong")
    for key, count in findings.count.most_common():
        say(f"{count:6} {key}")
    return 1 if findings.count else 0


if __name__ == "__main__":
    sys.exit(main())
