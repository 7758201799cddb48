"""What crossing between Python and compiled code costs, and how long a cached run takes to start.

    python bench/calls.py

Hand-written modules, so that only the host is measured. Calls: medians of rounds, per call. Start-up: processes in turn with
a bare Python, medians. Byte code is kept in a folder of our own, whatever the environment says about writing it.
"""

from __future__ import annotations

import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Callable
from pathlib import Path

import wasmtime
from wasmlathe.artifact import Artifact
from wasmlathe.cache import Cache
from wasmlathe.wasm_runtime.engine import run
from wasmlathe.wasm_runtime.instance import Instance

CALLS = 20_000
ROUNDS = 15
STARTS = 30

MODULE = """
(module
  (import "env" "write" (func $write (param i32 i32)))
  (import "env" "now" (func $now (result f64)))
  (memory (export "memory") 200)
  (data (i32.const 16) "hello\\n")
  (func (export "_start") (call $write (i32.const 16) (i32.const 6)))
  (func (export "__alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "nothing"))
  (func (export "negate") (param i64) (result i64) (i64.sub (i64.const 0) (local.get 0)))
  (func (export "add") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
  (func (export "blend") (param f64 f64 f64) (result f64)
    (f64.add (local.get 0) (f64.mul (local.get 1) (local.get 2))))
  (func (export "length") (param i32) (result i64) (i64.load32_u offset=8 (local.get 0)))
  (func (export "writes") (param $n i64)
    (loop $next
      (call $write (i32.const 16) (i32.const 6))
      (br_if $next (i64.ne (i64.const 0) (local.tee $n (i64.sub (local.get $n) (i64.const 1)))))))
  (func (export "clocks") (param $n i64)
    (loop $next
      (drop (call $now))
      (br_if $next (i64.ne (i64.const 0) (local.tee $n (i64.sub (local.get $n) (i64.const 1))))))))
"""
SIGNATURES = {
    "nothing": ([], "Nil"),
    "negate": (["Int"], "Int"),
    "add": (["Int", "Int"], "Int"),
    "blend": (["Float", "Float", "Float"], "Float"),
    "length": (["[Float]"], "Int"),
    "writes": (["Int"], "Nil"),
    "clocks": (["Int"], "Nil"),
}
CACHED_RUN = """
from wasmlathe.cache import Cache
from wasmlathe.artifact import Artifact
from wasmlathe.fingerprint import fingerprint
from wasmlathe.wasm_runtime.engine import run
fingerprint()
cache = Cache()
run(Artifact.from_bytes(cache.get("artifacts", "hello")), cache=cache)
"""


def hello() -> Artifact:
    exports = {
        name: {
            "symbol": name,
            "params": [{"name": f"x{i}", "type": kind} for i, kind in enumerate(kinds)],
            "result": result,
        }
        for name, (kinds, result) in SIGNATURES.items()
    }
    manifest = {
        "name": "calls",
        "entry": "_start",
        "entry_result": None,
        "exports": exports,
        "sites": [],
        "sources": {},
    }
    return Artifact(bytes(wasmtime.wat2wasm(MODULE)), {}, manifest)


def seconds_per_call(work: Callable[[], object], calls: int) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) / calls)
    return statistics.median(times)


def repeated(function: Callable[..., object], *args: object) -> float:
    turns = range(CALLS)

    def work() -> None:
        for _ in turns:
            function(*args)

    return seconds_per_call(work, CALLS)


def call_rows(cache: Cache) -> list[tuple[str, float]]:
    inst = Instance(hello(), stdout=io.BytesIO(), cache=cache)
    million = array("d", bytes(8 * 1_000_000))
    return [
        ("an empty Python function", repeated(lambda: None)),
        ("nothing()", repeated(inst.nothing)),
        ("negate(Int) -> Int", repeated(inst.negate, 5)),
        ("add(Int, Int) -> Int", repeated(inst.add, 5, 6)),
        ("blend(Float, Float, Float) -> Float", repeated(inst.blend, 1.0, 2.0, 3.0)),
        ("length([Float]) of 10 in a list", repeated(inst.length, [1.0] * 10)),
        ("length([Float]) of a million in a buffer", seconds_per_call(lambda: inst.length(million), 1)),
        ("host import: write of 6 bytes", seconds_per_call(lambda: inst.writes(CALLS), CALLS)),
        ("host import: now", seconds_per_call(lambda: inst.clocks(CALLS), CALLS)),
    ]


def run_rows(cache: Cache) -> list[tuple[str, float]]:
    artifact, out = hello(), io.BytesIO()
    run(artifact, stdout=out, cache=cache)
    return [("a cached run inside a process", seconds_per_call(lambda: run(artifact, stdout=out, cache=cache), 1))]


def start_rows(cache: Cache, folder: str) -> list[tuple[str, float]]:
    cache.put("artifacts", "hello", hello().to_bytes())
    environment = {**os.environ, "WASMLATHE_CACHE": cache.root, "PYTHONPYCACHEPREFIX": folder}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    commands = {
        "bare Python": ["-c", "pass"],
        "Python and `import ctypes`": ["-c", "import ctypes"],
        "Python and a cached run of hello world": ["-c", CACHED_RUN],
        "Python and `import wasmtime`": ["-c", "import wasmtime"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(STARTS + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *command], env=environment, stdout=subprocess.DEVNULL, check=True)
            if turn:  # the first one fills the caches
                times[name].append(time.perf_counter() - start)
    return [(name, statistics.median(values)) for name, values in times.items()]


def shown(seconds: float) -> str:
    for unit, size in (("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:9.2f} {unit}"
    return f"{seconds / 1e-9:9.0f} ns"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(str(Path(folder) / "cache"))
        for rows in (call_rows(cache), run_rows(cache), start_rows(cache, str(Path(folder) / "bytecode"))):
            for name, seconds in rows:
                print(f"{name:<46}{shown(seconds)}")
            print()


if __name__ == "__main__":
    main()
