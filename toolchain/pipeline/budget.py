"""How much one application of a pass may take: computing time, and growth of what it works on.

    pass 'unroll' in function @f: 40,000 ops after 2 s, and it had 900        =>        OverBudget: compile without it there

A pass that does not end cannot be asked to; so a thread looks at the clock and at the size of the function now and then, and
has the interpreter raise an exception in the thread of the pass. What the pass leaves behind is of no use then. Therefore
the driver begins anew, leaving out what went over its budget (`Omission`), and warns.

Time is that of the processor, so that a loaded machine changes nothing, and generous: it is the last resort against passes
that diverge. What makes a pass slow on large functions has limits of its own in the pass, as numbers of ops.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..diagnostics import CompileError
from ..ir.core import Function, Module
from .plugins import problem

if TYPE_CHECKING:
    from .plan import Step

_GLANCE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits for one application of a pass to a function or module."""

    #: Of computing, and more for each op.
    seconds: float = 15.0
    seconds_per_op: float = 2e-4
    #: How many ops there may be afterwards: so many for each op before, and more.
    growth: int = 8
    ops: int = 20_000

    def seconds_for(self, size: int) -> float:
        return self.seconds + self.seconds_per_op * size

    def most_ops(self, size: int) -> int:
        return self.growth * size + self.ops


@dataclass(frozen=True, slots=True)
class Omission:
    """A pass that is left out: the label of its step, and the function (None: the whole module)."""

    label: str
    function: str | None


class OverBudget(BaseException):
    """A pass took too long or made too much. No `Exception`, because passes may catch those."""

    def __init__(self, step: Step, unit_name: str, omission: Omission, reason: str) -> None:
        super().__init__(f"pass '{step.label}' of {step.plugin} {reason} in {unit_name}")
        self.step = step
        self.omission = omission

    @property
    def hint(self) -> str:
        return f"run with --without {self.step.spec.name}, or divide the function"

    def as_error(self) -> CompileError:
        """The error for where it is not possible to do without the pass."""
        return problem("E0511", str(self), self.hint)


class _Interrupt(BaseException):
    """Raised in the thread of the pass by the one that watches."""


class Watch:
    """Watches the applications of one compilation, one at a time. The thread begins with the first that takes long."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._subject: _Subject | None = None
        #: What functions were found to have, as long as nothing changed them.
        self._sizes: dict[Function, int] = {}

    def run(self, step: Step, unit: Any, action: Callable[[], bool]) -> bool:
        """The result of `action`: whether the step changed `unit`. Raises OverBudget."""
        size = self._sizes.get(unit)
        if size is None:
            size = size_of(unit)
        subject = _Subject(unit, threading.get_ident(), self.budget.seconds_for(size), self.budget.most_ops(size))
        self._begin(subject)
        try:
            try:
                result = action()
            finally:
                self._end(subject)
        except _Interrupt:
            raise _over_budget(step, unit, subject.reason) from None
        if result and isinstance(unit, Function):
            size = size_of(unit)
        elif result:
            self._sizes.clear()
            size = size_of(unit)
        if size > subject.most_ops:
            raise _over_budget(step, unit, subject.too_large())
        if isinstance(unit, Function):
            self._sizes[unit] = size
        return result

    def forget(self, function: Function) -> None:
        """Somebody else than a pass changed `function`."""
        self._sizes.pop(function, None)

    def stop(self) -> None:
        """End the thread."""
        if self._thread is not None:
            self._subject = None
            self._wake.set()
            self._thread.join()
            self._thread = None
        self._sizes.clear()

    def _begin(self, subject: _Subject) -> None:
        self._subject = subject
        if self._thread is None:
            self._wake.clear()
            self._thread = threading.Thread(target=self._look, name="pass budgets", daemon=True)
            self._thread.start()

    def _end(self, subject: _Subject) -> None:
        with self._lock:
            self._subject = None
            if subject.reason:  # it may not have been raised yet
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(subject.thread), None)

    def _look(self) -> None:
        while not self._wake.wait(_GLANCE_SECONDS):
            with self._lock:
                subject = self._subject
                if subject is not None and not subject.reason and subject.is_over():
                    raised = ctypes.py_object(_Interrupt)
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(subject.thread), raised)


class _Subject:
    """One application that is watched."""

    __slots__ = ("_deadline", "_seconds", "most_ops", "reason", "thread", "unit")

    def __init__(self, unit: Any, thread: int, seconds: float, most_ops: int) -> None:
        self.unit = unit
        self.thread = thread
        self.most_ops = most_ops
        #: Why it was interrupted.
        self.reason = ""
        self._seconds = seconds
        self._deadline = time.process_time() + seconds

    def is_over(self) -> bool:
        if time.process_time() > self._deadline:
            self.reason = f"did not end within {self._seconds:.3g} seconds"
        elif size_of(self.unit) > self.most_ops:
            self.reason = self.too_large()
        return bool(self.reason)

    def too_large(self) -> str:
        return f"made more than {self.most_ops} ops"


def _over_budget(step: Step, unit: Any, reason: str) -> OverBudget:
    is_function = isinstance(unit, Function)
    what = f"function {unit.source_name}" if is_function else "the program"
    return OverBudget(step, what, Omission(step.label, unit.name if is_function else None), reason)


def size_of(unit: Any) -> int:
    """The number of ops of a function or an IR module; 0 for anything else. May be asked while passes change the unit."""
    if isinstance(unit, Function):
        return sum([len(block.ops) for block in list(unit.blocks)])
    return sum(map(size_of, list(unit.functions.values()))) if isinstance(unit, Module) else 0
