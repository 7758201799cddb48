"""`python bench/measure.py NAMES..`: measure against Go alone, with the options of `wasmlathe bench`."""

from __future__ import annotations

import sys

from wasmlathe.cli import main

if __name__ == "__main__":
    sys.exit(main(["bench", "--peer", "go", *sys.argv[1:]]))
