"""The error for a pass that raised or left broken IR: ours or a plugin's, never the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .plan import Step

_MOST_LINES = 80
_NOT_RECORDED = "(not recorded: --verify records the text before every pass)"


class PassBrokeFunction(Exception):
    """Which pass broke what, and how. `before` is None where no text was kept, `after` where there is none."""

    def __init__(
        self, step: Step, unit_name: str, index: int, problems: list[str], before: str | None, after: str | None
    ) -> None:
        self.step = step
        self.unit_name = unit_name
        self.index = index
        self.problems = problems
        self.before = before
        self.after = after
        super().__init__(self.summary())

    def summary(self) -> str:
        """One line: the pass, where it comes from, and what it broke."""
        return f"pass '{self.step.label}' of {self.step.plugin} broke {self.unit_name}"

    def render(self) -> str:
        """Everything there is to know, for the terminal."""
        lines = [f"error[E0507]: {self.summary()} (pass application {self.index})"]
        lines += [f"  - {problem}" for problem in self.problems]
        for title, text in (("before", self.before or _NOT_RECORDED), ("after", self.after)):
            if text is not None:
                lines += ["", f"{title}:", *_shortened(text)]
        lines += ["", "  = note: this is a fault of the pass, not of your program"]
        lines.append(f"  = hint: run with --without {self.step.spec.name} to do without the pass")
        return "\n".join(lines)


def _shortened(text: str) -> list[str]:
    lines = [f"    {line}" for line in text.splitlines()]
    if len(lines) <= _MOST_LINES:
        return lines
    return [*lines[:_MOST_LINES], f"    ... and {len(lines) - _MOST_LINES} more lines"]
