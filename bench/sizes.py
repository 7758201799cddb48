"""How large our code is next to clang's: Os against -Os, both stripped.

A module holds the kernel and what every program needs: numbers read and printed, memory. Ours has a collector and exact
printing of floating-point numbers there, C's the few lines of peers/c/kernel_wasm.h. So two figures are told: the whole
module, and how much larger it is than that of a program which does nothing but read a size, make an array (where the kernel
has one) and print.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wasmlathe.cli.table import table

from .catalog import FOLDER, Kernel
from .figures import geometric_mean
from .runners.clang import SMALL

PIPELINE = "Os"
_EMPTY = FOLDER / "sizes"
#: What a kernel's program has in common with others, where that is not an array and printing Ints: the file of _EMPTY.
_BASES = {
    "floats": "matmul nbody spectral_norm dot norm kahan vadd fft",
    "plain": "mandelbrot fib tak fib_iter collatz match_create match_10arm result_check result_map3 result_flatmap "
    "option_unwrap_or closure_counter",
}
_BASE_OF = {kernel: base for base, kernels in _BASES.items() for kernel in kernels.split()}
_USUAL_BASE = "ints"


@dataclass(frozen=True, slots=True)
class Size:
    """The bytes of a kernel's modules, and of the programs that do nothing."""

    name: str
    ours: int
    clang: int
    our_base: int
    clang_base: int

    @property
    def our_own(self) -> int:
        return self.ours - self.our_base

    @property
    def clang_own(self) -> int:
        return self.clang - self.clang_base


def missing_tools() -> list[str]:
    return SMALL.missing_tools()


def sizes_of(kernels: Iterable[Kernel]) -> list[Size]:
    """The sizes of the kernels that have a C peer. Raises Failed, CompileError."""
    bases = {name: (_ours(_EMPTY / f"{name}.tova"), _clang(_EMPTY / f"{name}.c")) for name in (_USUAL_BASE, *_BASES)}
    return [
        Size(
            kernel.name,
            _ours(kernel.program),
            _clang(SMALL.source(kernel.name)),
            *bases[_BASE_OF.get(kernel.name, _USUAL_BASE)],
        )
        for kernel in kernels
        if SMALL.source(kernel.name).exists()
    ]


def report(kernels: Iterable[Kernel]) -> str:
    """The table of sizes, with geometric means."""
    found = sizes_of(kernels)
    rows = [
        (
            s.name,
            *map(str, (s.ours, s.clang)),
            _ratio(s.ours, s.clang),
            *map(str, (s.our_own, s.clang_own)),
            _ratio(s.our_own, s.clang_own),
        )
        for s in found
    ]
    head = ("kernel", "ours", "clang", "ratio", "ours, kernel only", "clang, kernel only", "ratio")
    lines = [table(head, rows, right=range(1, 7))]
    own = [s.our_own / s.clang_own for s in found if s.our_own > 0 and s.clang_own > 0]
    if own:
        whole = geometric_mean(s.ours / s.clang for s in found)
        lines.append(f"geometric means: {whole:.2f} of the modules, {geometric_mean(own):.2f} of the kernels only")
    return "\n".join(lines)


def _ours(program: Path) -> int:
    from wasmlathe import api

    return len(api.compile(program, pipeline=PIPELINE).wasm)


def _clang(source: Path) -> int:
    return SMALL.build_file(source).stat().st_size


def _ratio(ours: int, theirs: int) -> str:
    return f"{ours / theirs:.2f}" if ours > 0 and theirs > 0 else "-"
