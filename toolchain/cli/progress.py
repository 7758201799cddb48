"""A bar on the terminal while a compilation takes longer than a moment.

    mem passes: gvn#late, function @main  ━━━━━━━━━━━━━━╸━━━━━━━━━  58%  0:00:03

Only where stderr is a terminal. How far a part is can only be guessed: a stage with passes as if every pass ran over
every function once.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from ..pipeline.manager import PassManager

#: Compilations that take no longer show nothing.
PATIENCE_SECONDS = 1.0
_REFRESH_SECONDS = 0.1

#: The parts in their order, with the share of the time that a large program usually spends in them.
_SHARES = {
    "front-end": 0.06,
    "hir passes": 0.0,
    "infer": 0.12,
    "typed passes": 0.12,
    "lower-data": 0.04,
    "mem passes": 0.5,
    "codegen": 0.06,
    "wasm passes": 0.07,
    "write": 0.03,
}

#: A stage's passes are half way after so many applications: the bar slows down rather than stand at the end.
_HALF_WAY = 2000


def is_wanted() -> bool:
    """Whether a bar can be shown: on a terminal that can go back in a line."""
    return bool(sys.stderr and sys.stderr.isatty()) and os.environ.get("TERM") != "dumb"


class ProgressBar:
    """What the driver tells its progress to, while the `with` statement lasts."""

    def __init__(self) -> None:
        self._manager: PassManager | None = None
        self._part = ""
        self._applied_before = 0
        self._is_over = threading.Event()
        #: What draws the bar, where one can be shown.
        self.thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if is_wanted():
            self.thread = threading.Thread(target=self._show, daemon=True)
            self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._is_over.set()
        if self.thread is not None:
            self.thread.join()

    def watch(self, manager: PassManager) -> None:
        self._manager = manager

    def part(self, name: str) -> None:
        if name not in _SHARES:
            return
        self._part = name
        self._applied_before = self._manager.applied if self._manager is not None else 0

    @property
    def done(self) -> float:
        """The guessed share of the work that is done, from 0 to 1."""
        names = list(_SHARES)
        if self._part not in _SHARES:
            return 0.0
        before = sum(_SHARES[name] for name in names[: names.index(self._part)])
        applied = (self._manager.applied if self._manager is not None else 0) - self._applied_before
        return before + _SHARES[self._part] * applied / (applied + _HALF_WAY)

    @property
    def label(self) -> str:
        """The part, and which pass runs over which function."""
        event = self._manager.current if self._manager is not None else None
        if event is None or not self._part.endswith(" passes"):
            return self._part
        return f"{self._part}: {event.pass_name}, {event.unit_name}"

    def _show(self) -> None:
        if self._is_over.wait(PATIENCE_SECONDS):
            return
        with _bar() as bar:
            task = bar.add_task(self.label, total=1.0)
            while not self._is_over.wait(_REFRESH_SECONDS):
                bar.update(task, description=self.label, completed=self.done)


def _bar() -> Any:
    """A bar that leaves nothing behind."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    class Label(TextColumn):
        """The description cut to its width: lines that break would not be taken back."""

        def render(self, task: Any) -> Any:
            from rich.text import Text

            return Text.from_markup(escape(task.description[:50].ljust(50)))

    columns = (Label(""), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
