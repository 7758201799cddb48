"""Two shapes of the VM against each other: one loop over `br_table`, and handlers that call each other in tail position.

    python -m wasmlathe.bench.vm_shapes            (objdump: where the dispatch lies)

Both are made of the same handlers, and run the same bytecode. The shortest of some runs count, which take turns.
"""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import wasmtime
from wasmlathe.artifact import Artifact
from wasmlathe.bytecode import machine, threaded
from wasmlathe.bytecode.link import link
from wasmlathe.bytecode.marking import is_users
from wasmlathe.cli.table import table
from wasmlathe.codegen.emit import finish, generate
from wasmlathe.diagnostics import SourceFile
from wasmlathe.driver import ENTRY, CompileOptions, compile_source
from wasmlathe.ir.clone import clone_module
from wasmlathe.pipeline.frontends import SourceReader
from wasmlathe.pipeline.preparing import PipelineRequest

from .catalog import KERNELS
from .runners.wasm import artifact_run
from .sampling import check_output
from .trials import processor_seconds

SHAPES = {"loop": machine.add_machine, "threaded": threaded.add_machine}
#: At O3 nothing is left of `fib`'s calls.
LEVEL = "O2"
SIZES = {"fib": 32, "sieve": 2_000_000, "nbody": 100_000, "match_dispatch": 2_000_000, "levenshtein": 500}
RUNS = 5
#: Bytes that a processor fetches and predicts at once.
LINE_BYTES = 64


def in_shapes(source: SourceFile, level: str = LEVEL) -> dict[str, Artifact]:
    """The program as bytecode in a module with the VM, in each shape. Raises CompileError."""
    compilation = compile_source(source, CompileOptions(PipelineRequest(level), stop_at="mem"))
    made = {}
    for name, shape in SHAPES.items():
        module = clone_module(compilation.modules["mem"])
        program = link(module, is_users)
        program.shape = shape
        entry_result = "Int" if module.functions[ENTRY].results else None
        generated = generate(module, program)
        made[name] = finish(
            generated, name=source.name, names=True, entry=ENTRY, entry_result=entry_result, vm=program.manifest()
        )
    return made


def shortest(kernel: str) -> dict[str, float]:
    """Seconds of the processor of the shortest run by shape. Raises Failed if they print different texts."""
    artifacts = in_shapes(SourceReader().load(str(KERNELS[kernel].program)))
    sides = {name: artifact_run(name, artifact, [str(SIZES[kernel])]) for name, artifact in artifacts.items()}
    loop, tail = (side().text for side in sides.values())
    check_output("loop", loop, "threaded", tail)
    found = dict.fromkeys(sides, math.inf)
    for _ in range(RUNS):
        for name, side in sides.items():
            found[name] = min(found[name], processor_seconds(side))
    return found


def dispatch_of(wasm: bytes) -> tuple[int, int] | None:
    """Where the loop's dispatch starts and ends in its line: bytes behind the line's start. None: not to be told here."""
    if shutil.which("objdump") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        native = Path(folder, "native")
        native.write_bytes(wasmtime.Module(wasmtime.Engine(), wasm).serialize())
        command = ["objdump", "-d", "--no-show-raw-insn", str(native)]
        text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    function = text.partition(f"::{machine.RUN}>:")[2].partition("\n\n")[0]
    jump = re.search(r"^ +(\w+):\tjmp +\*%r", function, re.MULTILINE)
    back = Counter(re.findall(r"\tjmp +(\w+) <", function)).most_common(1)
    if jump is None or not back:
        return None
    start, last = int(back[0][0], 16), int(jump[1], 16)
    size_bytes = last + 2 - start
    return start % LINE_BYTES, start % LINE_BYTES + size_bytes


def _row(kernel: str) -> tuple[str, ...]:
    seconds = shortest(kernel)
    ratio = seconds["threaded"] / seconds["loop"]
    return (kernel, str(SIZES[kernel]), *(f"{seconds[name] * 1000:.1f} ms" for name in SHAPES), f"{ratio:.2f}")


def main() -> None:
    from wasmlathe.bytecode.base import build

    print(table(("kernel", "size", *SHAPES, "ratio"), [_row(kernel) for kernel in SIZES]))
    place = dispatch_of(build().wasm)
    if place is not None:
        print(f"\nThe dispatch of the base module's VM is at bytes {place[0]} to {place[1]} of a line of {LINE_BYTES}.")


if __name__ == "__main__":
    main()
