"""Bytes of the kernels' own functions: as code at Os, and as bytecode, in memory and packed as modules have it.

    python -m wasmlathe.bench.bytecode_sizes [--level Os] [NAME ..]

The library is left out: it is compiled either way. So is what each module has once: the VM, and what crosses to it.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from wasmlathe.bytecode.link import link
from wasmlathe.bytecode.marking import is_users
from wasmlathe.bytecode.packing import pack
from wasmlathe.cache import Cache
from wasmlathe.cli.table import table
from wasmlathe.codegen.code_sizes import code_sizes
from wasmlathe.driver import Compilation, CompileOptions, compile_file
from wasmlathe.ir.clone import clone_module
from wasmlathe.pipeline.preparing import PipelineRequest

from .catalog import KERNELS, Kernel

CODE_LEVEL = "Os"


@dataclass(frozen=True, slots=True)
class Bytes:
    """The functions of a program in three forms."""

    name: str
    code: int
    in_memory: int
    packed: int
    #: What zlib makes of the bytecode: how much of the packing's gain any compressor has.
    zlib: int

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        return self.code, self.in_memory, self.packed, self.zlib


def bytes_of(kernel: Kernel, level: str = CODE_LEVEL) -> Bytes:
    """Code as Os has it, bytecode as `level` has it. Raises CompileError."""
    compiled = _compiled(kernel, CODE_LEVEL)
    sizes = code_sizes(compiled.modules["wasm"].write(names=True)[0])
    users = [f.name for f in compiled.modules["mem"].functions.values() if f.blocks and is_users(f)]
    code = sum(sizes[name] + (1 if sizes[name] < 128 else 2) for name in users if name in sizes)
    other = compiled if level == CODE_LEVEL else _compiled(kernel, level)
    content = link(clone_module(other.modules["mem"]), is_users).content
    return Bytes(kernel.name, code, len(content), len(pack(content)), len(zlib.compress(content, 9)))


def _compiled(kernel: Kernel, level: str) -> Compilation:
    return compile_file(str(kernel.program), CompileOptions(PipelineRequest(level), stop_at="wasm", cache=Cache()))


def report(kernels: Iterable[Kernel], level: str = CODE_LEVEL) -> str:
    """A table with the sum in its last row."""
    found = [bytes_of(kernel, level) for kernel in kernels]
    found.append(Bytes("sum", *(sum(column) for column in zip(*(f.numbers for f in found), strict=True))))
    rows = [(f.name, *map(str, f.numbers), f"{f.packed / f.code:.2f}") for f in found]
    head = ("kernel", "code", "bytecode", "packed", "zlib", "packed to code")
    return table(head, rows, right=range(1, 6))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--level", default=CODE_LEVEL, help="the level whose bytecode is measured")
    given = parser.parse_args()
    print(report([kernel for name, kernel in KERNELS.items() if not given.names or name in given.names], given.level))


if __name__ == "__main__":
    main()
