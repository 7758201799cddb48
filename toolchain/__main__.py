"""`python -m wasmlathe` is the command `wasmlathe`."""

from __future__ import annotations

import sys

from wasmlathe.launch import main

sys.exit(main())
