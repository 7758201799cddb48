"""The numbers of the test for divisibility, for every dividend and divisor of eight bits."""

from __future__ import annotations

import pytest
from wasmlathe.passes.divisibility import check_for

BITS = 8
MASK = (1 << BITS) - 1


def says_multiple(value: int, divisor: int, is_signed: bool) -> bool:
    check = check_for(divisor, is_signed, BITS)
    found = (value * check.factor + check.shift) & MASK
    rotated = (found >> check.rotation | found << BITS - check.rotation) & MASK
    return rotated <= check.limit


@pytest.mark.parametrize("divisor", range(3, 256))
def test_every_unsigned_multiple_is_found_and_nothing_else(divisor: int) -> None:
    wrong = [n for n in range(256) if says_multiple(n, divisor, False) != (n % divisor == 0)]
    assert not wrong


@pytest.mark.parametrize("divisor", [d for d in range(3, 128) if d & (d - 1)])
def test_every_signed_multiple_is_found_and_nothing_else(divisor: int) -> None:
    wrong = [n for n in range(-128, 128) if says_multiple(n, divisor, True) != (n % divisor == 0)]
    assert not wrong
