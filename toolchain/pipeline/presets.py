"""The pipelines `-O0` to `-O3` and `-Os`, as data.

Each stage lists its passes in the order in which they run; `Repeat` goes round until nothing changes. What the passes
demand of the order is checked when a pipeline is made (`Pipeline.check`), so an edit here that breaks a demand fails at
once, with the reason.
"""

from __future__ import annotations

from .plan import Preset

DEFAULT = "O2"

#: Presets whose output has no names of functions in it: they are half of a small program.
NAMELESS = frozenset({"Os"})

PRESETS: dict[str, Preset] = {
    "O0": {},
    "O1": {},
    "O2": {},
    "O3": {},
    "Os": {},
}
