"""What `make demo` shows: one program on its way through every stage, then running on both engines.

python examples/demo.py [PROGRAM.tova]
"""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from wasmlathe.codegen.binaryen import BinaryenMissing
from wasmlathe.diagnostics import CompileError, render_all
from wasmlathe.driver import STAGES, Compilation, CompileOptions, compile_file
from wasmlathe.ir.core import Module
from wasmlathe.pipeline.observers import Snapshots, Timing
from wasmlathe.pipeline.preparing import PipelineRequest
from wasmlathe.pipeline.units import text_of
from wasmlathe.wasm_runtime import engine, python_engine

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "bench" / "programs" / "collatz.tova"
FUNCTION = "stepsToOne"
#: The interpreter written in Python gets a smaller problem than compiled code.
SIZES = {"wasm": "1000000", "python": "300"}
LEVELS = ("O0", "O1", "O2", "O3", "Os")
BAR_WIDTH = 40

console = Console(width=110, highlight=False)


def compile_at(program: Path, level: str, *observers: object) -> Compilation:
    return compile_file(str(program), CompileOptions(PipelineRequest(level), observers=observers))


def show_source(program: Path) -> None:
    text = program.read_text("utf-8")
    console.print(Panel(Syntax(text, "rust", background_color="default"), title=program.name, title_align="left"))


def show_stages(compilation: Compilation) -> None:
    """One function at each stage, as inference and lowering make it and the passes leave it."""
    for stage in STAGES[:-1]:
        module = compilation.modules[stage]
        if not isinstance(module, Module):
            continue
        functions = [f for f in module.functions.values() if f.source_name == FUNCTION]
        text = "\n".join(text_of(f) for f in functions) or "(inlined into its callers)"
        console.print(Panel(text, title=f"stage {stage}", title_align="left"), markup=False)


def show_change(snapshots: Snapshots) -> None:
    """The pass application that changed the most, before and after."""
    changed = [s for s in snapshots.items if s.before and s.after and s.before != s.after]
    if not changed:
        return
    biggest = max(changed, key=lambda s: abs(len(s.before) - len(s.after)))
    table = Table(title=f"what '{biggest.label}' did to @{biggest.unit_name} ({biggest.stage})", title_justify="left")
    table.add_column("before", ratio=1)
    table.add_column("after", ratio=1)
    table.add_row(biggest.before.replace("[", "\\["), biggest.after.replace("[", "\\["))
    console.print(table)


def show_timeline(compilation: Compilation, timing: Timing) -> None:
    """How long every stage took, then every pass."""
    table = Table(title="time of the compilation at O3", title_justify="left")
    table.add_column("stage")
    table.add_column("ms", justify="right")
    table.add_column("")
    total = sum(part.seconds for part in compilation.timings)
    for part in compilation.timings:
        bar = "█" * round(BAR_WIDTH * part.seconds / total)
        table.add_row(part.name, f"{part.seconds * 1000:.1f}", bar)
    console.print(table)
    passes = Table(title="passes, slowest first", title_justify="left")
    for column in ("stage", "pass", "ms", "runs", "changes"):
        passes.add_column(column, justify="left" if column in ("stage", "pass") else "right")
    for row in timing.slowest_first()[:12]:
        passes.add_row(row.stage, row.label, f"{row.seconds * 1000:.2f}", str(row.applications), str(row.changes))
    console.print(passes)


def show_sizes_and_times(program: Path) -> None:
    """Size of the module at every level, and how long the program runs on each engine."""
    table = Table(title="levels and engines", title_justify="left")
    for column in ("level", "wasm bytes", f"wasm: {SIZES['wasm']}", f"python: {SIZES['python']}"):
        table.add_column(column, justify="right" if column != "level" else "left")
    output = io.BytesIO()
    for level in LEVELS:
        compilation = compile_at(program, level)
        artifact = compilation.artifact
        assert artifact is not None  # the default is to go to the last stage
        started = time.perf_counter()
        engine.run(artifact, [SIZES["wasm"]], engine.NO_LIMITS, output)
        compiled = time.perf_counter() - started
        started = time.perf_counter()
        python_engine.run(compilation.modules["mem"], [SIZES["python"]], engine.NO_LIMITS, output)
        interpreted = time.perf_counter() - started
        table.add_row(level, str(len(artifact.wasm)), f"{compiled * 1000:.0f} ms", f"{interpreted * 1000:.0f} ms")
    console.print(table)
    console.print(f"it printed: {output.getvalue().decode().splitlines()[0]}", markup=False)


def main() -> int:
    program = Path(sys.argv[1]) if len(sys.argv) > 1 else PROGRAM
    timing, snapshots = Timing(), Snapshots(lambda event: event.stage == "mem", FUNCTION)
    try:
        show_source(program)
        compilation = compile_at(program, "O3", timing, snapshots)
        show_stages(compilation)
        show_change(snapshots)
        show_timeline(compilation, timing)
        show_sizes_and_times(program)
    except CompileError as error:
        console.print(render_all(error.diagnostics), markup=False)
        return 2
    except (BinaryenMissing, engine.EngineMissing) as missing:
        console.print(f"error: {missing}", markup=False)
        return 2
    console.print("\nNext: docs/guide.md, or `.venv/bin/wasmlathe --help`.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
