"""Sizes of bytecode: packed, it is smaller than the code that it replaces."""

from __future__ import annotations

from wasmlathe.bench.bytecode_sizes import bytes_of, report
from wasmlathe.bench.catalog import KERNELS


def test_packed_bytecode_of_kernels_is_smaller_than_their_code() -> None:
    for name in ("nbody", "sieve"):
        found = bytes_of(KERNELS[name])
        assert 0 < found.packed < 0.9 * found.code
        assert found.packed < found.zlib < found.in_memory


def test_the_report_ends_with_the_sum() -> None:
    head, *rows, last = report([KERNELS["fib"]]).splitlines()
    assert head.split()[:4] == ["kernel", "code", "bytecode", "packed"]
    assert rows[-1].split()[0] == "fib"
    assert last.split()[:4] == ["sum", *rows[-1].split()[1:4]]
