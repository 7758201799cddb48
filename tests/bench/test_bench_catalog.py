"""The table of kernels and the files it speaks of."""

from __future__ import annotations

import tomllib
from pathlib import Path

from wasmlathe.bench.catalog import KERNELS, PEERS, PROGRAMS
from wasmlathe.bench.runners import PEERS as RUNNERS
from wasmlathe.bench.runners import USUAL

ROOT = Path(__file__).resolve().parents[2]
SHARED = {"kernel", "kernel_native", "kernel_wasm", "texts"}
#: What the languages are measured with on the kernels where nothing but the code counts.
C_LIKE = {"sieve", "matmul", "nbody", "spectral_norm", "fannkuch", "mandelbrot", "sha256", "lz", "levenshtein"}


def test_every_program_has_a_row_and_every_row_a_program() -> None:
    assert {path.stem for path in PROGRAMS.glob("*.tova")} == set(KERNELS)


def test_every_kernel_has_a_peer_in_go_and_the_c_like_ones_in_c() -> None:
    assert [name for name in KERNELS if not RUNNERS["go"].source(name).exists()] == []
    assert {name for name, kernel in KERNELS.items() if kernel.c_like} == C_LIKE
    assert [name for name in C_LIKE if not RUNNERS["clang-wasm"].source(name).exists()] == []


def test_every_file_of_a_peer_belongs_to_a_kernel() -> None:
    for folder in ("c", "js", "lua"):
        assert {path.stem for path in (PEERS / folder).iterdir()} - SHARED <= set(KERNELS), folder
    assert {path.name for path in (PEERS / "go").iterdir()} - {"go.mod", "kernel"} == set(KERNELS)


def test_every_kind_of_kernel_is_measured_in_javascript_and_lua_too() -> None:
    kinds = {kernel.kind for kernel in KERNELS.values()} - {"JSON", "bytes"}
    for peer in ("node", "luajit"):
        covered = {kernel.kind for name, kernel in KERNELS.items() if RUNNERS[peer].source(name).exists()}
        # sums of the pipelines and of plain iteration need 64 bits
        assert kinds - covered <= {"iteration"}, peer


def test_usual_peers_are_peers() -> None:
    assert set(USUAL) < set(RUNNERS)
    assert [name for name, peer in RUNNERS.items() if name != peer.name] == []


def test_all_files_of_the_benchmarks_are_shipped() -> None:
    globs = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"][
        "wasmlathe.bench"
    ]
    shipped = {path for glob in globs for path in (ROOT / "bench").glob(glob)}
    present = {path for path in (ROOT / "bench").rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"}}
    assert present - shipped == set()
