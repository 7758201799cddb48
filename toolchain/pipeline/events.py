"""What observers are told about one application of a pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .plan import Step


@dataclass(slots=True)
class PassEvent:
    """One application of one pass to one function or module. Applications are counted from 1 through all stages."""

    step: Step
    stage: str
    index: int
    #: The function, IR module or Binaryen module.
    unit: Any
    unit_name: str
    #: Known after the pass: whether it says that it changed the unit.
    changed: bool = False
    #: Known after the pass: the time that it took.
    seconds: float = 0.0

    @property
    def pass_name(self) -> str:
        """Name of the step; a second occurrence of a pass is `name#2`."""
        return self.step.label
