"""Running programs in the test process: on both engines, at every level."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

from wasmlathe.artifact import Artifact
from wasmlathe.bytecode import sharing
from wasmlathe.bytecode.base import Facts, obtain
from wasmlathe.bytecode.link import link
from wasmlathe.bytecode.marking import is_users
from wasmlathe.cache import Cache
from wasmlathe.codegen.emit import finish, generate
from wasmlathe.diagnostics import SourceFile
from wasmlathe.driver import ENTRY, Compilation, CompileOptions, compile_source
from wasmlathe.ir.clone import clone_module
from wasmlathe.pipeline.preparing import PipelineRequest
from wasmlathe.pipeline.units import problems_of
from wasmlathe.wasm_runtime import engine, python_engine
from wasmlathe.wasm_runtime.grants import NOTHING, Grants
from wasmlathe.wasm_runtime.images import artifact_of
from wasmlathe.wasm_runtime.panics import ProgramPanic

LEVELS = ("O0", "O1", "O2", "O3", "Os")
ENGINES = ("wasm", "python")
LIMITS = engine.Limits(60.0, 512 << 20)


@dataclass(frozen=True)
class Outcome:
    """What a program did: its output, and its exit status or the message it panicked with."""

    stdout: str
    status: int
    panic: str | None = None
    line: int | None = None


#: The level whose garbage is also collected at every allocation.
STRESSED = "O2"
#: The level whose IR is verified after every pass for one program of VERIFIED_SHARE, as that takes two thirds of the time.
#: It has the passes of all others (tests/pipeline/test_pipeline_presets.py); IR is verified at the end of a stage
#: otherwise, and each pass by itself over random programs (tests/validation).
VERIFIED = "O3"
VERIFIED_SHARE = 5
#: Longer programs are not interpreted as O3 leaves them.
SHORT_LINES = 60
#: The level whose functions also run as bytecode.
BYTECODE = "O2"
#: Where every program runs, and where one of two does: O1 has no pass of its own, and Os none that others lack.
ALWAYS, BY_TURNS = ("O0", "O2", "O3"), ("O1", "Os")
#: Where programs of some hundred lines run besides O2, by turns.
_O3, _OS, _PYTHON = ("O3", "wasm"), ("Os", "wasm"), ("O0", "python")
LARGE_TURNS = ((_O3, _PYTHON), (_O3,), (_OS, _PYTHON), (_O3,), (_O3, _PYTHON), (_OS,))


@lru_cache(16)
def front(text: str, name: str = "program.tova") -> Compilation:
    """The program as inference leaves it, which is the same at every level: O0 has no passes there."""
    made = compile_source(SourceFile(name, text), CompileOptions(PipelineRequest("O0"), verify=True, stop_at="typed"))
    assert made.applied == 0, "O0 has passes before stage mem, so levels cannot share what was made"
    return made


@lru_cache(16)
def compiled(
    text: str,
    level: str,
    name: str = "program.tova",
    verify: bool = True,
    gc_stress: bool = False,
    stop_at: str = "package",
) -> Compilation:
    """The program at a level, with valid IR; `verify` asks for that after every pass (see VERIFIED)."""
    every_pass = verify and level == VERIFIED and crc32(text.encode()) % VERIFIED_SHARE == 0
    options = CompileOptions(
        PipelineRequest(level),
        verify=every_pass,
        gc_stress=gc_stress,
        stop_at=stop_at,
        cache=Cache(),
    )  # functions of the library recur from program to program; `verify` takes nothing from the cache
    made = compile_source(SourceFile(name, text), options, front=front(text, name))
    if not every_pass:
        for stage in ("typed", "mem"):
            problems = problems_of(made.modules[stage])
            assert not problems, f"broken IR at the end of stage {stage} at {level}, see --verify: {problems}"
    return made


def forget() -> None:
    """Drop what was compiled: a test that goes through many programs would keep them all."""
    front.cache_clear()
    compiled.cache_clear()


@lru_cache(1)
def base() -> Artifact:
    """The base module of the VM."""
    return obtain(Cache())


def as_bytecode(compilation: Compilation, gc_stress: bool = False) -> Artifact:
    """The compiled program with its own functions as bytecode instead, made from the mem IR that is there.

    Of two programs one becomes a module of its own. The other is data for the base module: of the library, what was fitted to
    the program is bytecode as well. The allocator of `gc_stress` is not that of the base module.
    """
    assert compilation.artifact is not None
    if not gc_stress and crc32(compilation.source.text.encode()) % 4 < 2:
        image = sharing.link(compilation.modules["mem"], Facts.of(base()), ENTRY)
        return artifact_of(image, base())
    module = clone_module(compilation.modules["mem"])
    program = link(module, is_users)
    facts = {name: compilation.artifact.manifest[name] for name in ("name", "entry", "entry_result")}
    return finish(generate(module, program), names=True, vm=program.manifest(), **facts)


def execute(
    text: str,
    level: str = "O2",
    engine_name: str = "wasm",
    args: Sequence[str] = (),
    verify: bool = True,
    gc_stress: bool = False,
    limits: engine.Limits = LIMITS,
    once: bool = False,
    grants: Grants = NOTHING,
) -> Outcome:
    """Compile and run a program. With `once` only what this run needs is made, and no native code is kept on disk."""
    stop_at = "mem" if once and engine_name == "python" else "package"
    compilation = compiled(text, level, verify=verify, gc_stress=gc_stress, stop_at=stop_at)
    output = io.BytesIO()
    try:
        if engine_name != "python":
            assert compilation.artifact is not None
            artifact = compilation.artifact if engine_name == "wasm" else as_bytecode(compilation, gc_stress)
            cache = Cache.off() if once else None
            status = engine.run(artifact, args, limits, output, cache, grants=grants)
        else:
            status = python_engine.run(compilation.modules["mem"], args, limits, output, grants)
    except ProgramPanic as panic:
        line = panic.location.line if panic.location is not None else None
        return Outcome(output.getvalue().decode(), 1, panic.message, line)
    return Outcome(output.getvalue().decode(), status)


def everywhere(text: str, args: Sequence[str] = (), stress: bool = True) -> Outcome:
    """Run at four levels of five, and as bytecode; they must agree. AssertionError names the first that does not.

    A short program is also interpreted as O3 leaves it. `stress` runs it once more, collecting garbage at every allocation:
    not for programs that allocate a lot.
    """
    first = execute(text, "O0", "python", args)
    is_short = text.count("\n") < SHORT_LINES
    for level in (*ALWAYS, BY_TURNS[crc32(text.encode()) % 2]):
        assert execute(text, level, "wasm", args) == first, f"wasm at {level} differs from python at O0"
    if is_short:
        assert execute(text, VERIFIED, "python", args) == first, f"python at {VERIFIED} differs from python at O0"
    assert execute(text, BYTECODE, "vm", args) == first, f"bytecode at {BYTECODE} differs from python at O0"
    if stress:
        stressed = execute(text, STRESSED, "wasm", args, gc_stress=True)
        assert stressed == first, f"wasm at {STRESSED} differs when garbage is collected at every allocation"
    return first


def large(text: str, args: Sequence[str] = (), grants: Grants = NOTHING) -> Outcome:
    """Run a program of some hundred lines, whose output is known, on wasm at O2, as bytecode, and in other ways by turns."""
    first = execute(text, "O2", "wasm", args, verify=False, grants=grants)
    for level, engine_name in ((BYTECODE, "vm"), *LARGE_TURNS[crc32(text.encode()) % len(LARGE_TURNS)]):
        once = engine_name == "python"
        outcome = execute(text, level, engine_name, args, verify=False, once=once, grants=grants)
        assert outcome == first, f"{engine_name} at {level} differs from wasm at O2"
    return first


def twice(text: str, args: Sequence[str] = ()) -> Outcome:
    """Run on the Python engine at O0, and on wasm or as bytecode at O2: for what is decided before the passes.

    It takes a tenth of the time of `everywhere`. Raises AssertionError if the two do not agree.
    """
    first = execute(text, "O0", "python", args, verify=False, once=True)
    engine_name = "vm" if crc32(text.encode()) % 2 else "wasm"
    outcome = execute(text, BYTECODE, engine_name, args, verify=False)
    assert outcome == first, f"{engine_name} at {BYTECODE} differs from python at O0"
    return first
