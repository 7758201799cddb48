"""C, compiled by clang: natively, and to WebAssembly that runs in the engine that runs our programs.

The WebAssembly is freestanding: peers/c/kernel_wasm.h is all its library. clang's driver would have wasm-opt rewrite the
result if it finds one; compiling and linking are two steps here, so that what is measured is clang's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..catalog import PEERS
from ..sampling import Run
from .peer import Peer
from .process import BUILD_SECONDS, built, finished, timed_process
from .wasm import wasm_run

_FOLDER = PEERS / "c"
# Both compilations do the arithmetic that the programs ask for: nothing fused, no errno of functions.
_C = ("clang", "-std=gnu11", "-Werror=implicit", "-fno-math-errno", "-ffp-contract=off")
_WASM = ("--target=wasm32", "-c", "-mbulk-memory", "-msign-ext", "-mnontrapping-fptoint")
_LINK = ("wasm-ld", "--no-entry", "--strip-all", "--gc-sections", "-z", "stack-size=65536")


class Clang(Peer):
    """Compiled C; subclasses say for what."""

    def source(self, kernel: str) -> Path:
        return _FOLDER / f"{kernel}.c"


class Native(Clang):
    def prepare(self, kernel: str, args: Sequence[str]) -> Run:
        def build(path: Path) -> None:
            finished("clang", [*_C, "-O3", self.source(kernel), "-o", path, "-lm"], BUILD_SECONDS)

        program = built((*_C, "-O3", self.version()), _sources(self.source(kernel)), build)
        return timed_process(self.name, [program, *args])


@dataclass(frozen=True, slots=True)
class Wasm(Clang):
    """`options` are the level of optimization and further features of WebAssembly."""

    options: tuple[str, ...] = ("-O3",)

    def build_file(self, source: Path) -> Path:
        """The module that a C file becomes. Raises Failed."""

        def build(path: Path) -> None:
            compiled = path.with_suffix(".o")
            finished("clang", [*_C, *_WASM, *self.options, source, "-o", compiled], BUILD_SECONDS)
            finished("wasm-ld", [*_LINK, compiled, "-o", path], BUILD_SECONDS)

        return built((*_C, *_WASM, *self.options, *_LINK, self.version()), _sources(source), build)

    def prepare(self, kernel: str, args: Sequence[str]) -> Run:
        return wasm_run(self.name, self.build_file(self.source(kernel)).read_bytes(), args)


def _sources(source: Path) -> list[Path]:
    return [source, *_FOLDER.glob("*.h")]


_VERSION = ("clang", "--version")
_WASM_TOOLS = ("clang", "wasm-ld")
NATIVE = Native("clang", "clang -O3, native", ("clang",), _VERSION)
WASM = Wasm("clang-wasm", "clang -O3, wasm32", _WASM_TOOLS, _VERSION)
WASM_SIMD = Wasm("clang-simd", "clang -O3 -msimd128, wasm32", _WASM_TOOLS, _VERSION, False, ("-O3", "-msimd128"))
#: What the sizes of our programs are compared with.
SMALL = Wasm("clang-os", "clang -Os, wasm32", _WASM_TOOLS, _VERSION, False, ("-Os",))
