"""Options of the whole test suite."""

from __future__ import annotations

import gc

import pytest

# Compiling makes many objects and little garbage: Python would look at all of them again and again.
gc.set_threshold(50_000, 20, 50)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="accept the present output as the expected text of the cases")
