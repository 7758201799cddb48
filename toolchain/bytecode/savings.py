"""Which of the cold functions take fewer bytes as bytecode: what they weigh as code, packed, and what it takes to call them.

    report: 420 bytes of code        =>        230 packed, 60 to be called from compiled code: 130 saved
    hint:    70 bytes of code        =>         40 packed, 55 to be called from compiled code: it stays compiled

Who is called by bytecode alone needs nothing to be called: the answer for one function depends on the others, so those that
are not worth it are taken out until all that are left are. Those whose instructions nobody else uses need handlers in the VM.
If leaving them out makes up for the VM itself, they stay compiled too; else the module will not get smaller either way, and what
was asked for is done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from ..ir.clone import clone_module
from ..ir.core import Function, Module
from ..passes.analysis.callgraph import callgraph
from .disassemble import instructions
from .link import Program, link
from .packing import packed_sizes

#: Bytes of the functions with which compiled code calls bytecode, and for each parameter and result. Measured at Os.
_STUB_BYTES, _VALUE_BYTES = 50, 8
#: Bytes of a function besides its body: its length and its type.
_FUNCTION_BYTES = 3
#: Bytes of a handler in the VM, on the average, and of the VM without handlers, with what unpacks the code.
_HANDLER_BYTES, _MACHINE_BYTES = 45, 900

NOT_SMALLER = "its bytecode would not be smaller"


@dataclass(slots=True)
class Choice:
    """The functions that become bytecode with their sizes, and of the others that were asked for, why not."""

    #: Bytes as code, bytes as packed bytecode.
    chosen: dict[str, tuple[int, int]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def choose(module: Module, wanted: Collection[str], code_sizes: Mapping[str, int]) -> Choice:
    """What of the `wanted` functions of a module of stage mem is smaller as bytecode.

    `code_sizes`: bytes of their bodies as code; a function that is not in it needs none.
    """
    names = frozenset(wanted)
    program = link(clone_module(module), lambda function: function.name in names)
    choice = Choice(refused={name: f"it cannot be bytecode: {why}" for name, why in program.refused.items()})
    balance = _Balance(module, program, code_sizes)
    balance.drop_losing(balance.saved)
    smaller = set(balance.chosen)
    balance.drop_losing(balance.saved_with_handlers)
    chosen = balance.chosen if balance.total() > 0 else smaller
    choice.refused |= dict.fromkeys(sorted(set(program.functions) - chosen), NOT_SMALLER)
    choice.chosen = {name: (code_sizes[name], round(balance.packed[name])) for name in sorted(chosen)}
    return choice


class _Balance:
    """What each function costs and saves while it is bytecode with the others that are chosen."""

    def __init__(self, module: Module, program: Program, code_sizes: Mapping[str, int]) -> None:
        #: At first all.
        self.chosen = set(program.functions)
        self._module = module
        self._code = code_sizes
        graph = callgraph(module)
        self._callers = {f.name: {caller.name for caller in callers} for f, callers in graph.callers.items()}
        order = sorted((offset, name) for name, offset in program.functions.items())
        starts = [offset for offset, _name in order]
        sizes = packed_sizes(program.content, [0, *starts])[1:]
        self.packed = {name: size for (_offset, name), size in zip(order, sizes, strict=True)}
        self._uses: dict[str, set[str]] = {}
        for (start, name), end in zip(order, [*starts[1:], len(program.content)], strict=True):
            found = instructions(program.content, start, end)
            self._uses[name] = {instruction.name for _at, instruction, _size in found if instruction is not None}
        self._users = Counter(used for uses in self._uses.values() for used in uses)

    def drop_losing(self, saved: Callable[[str], float]) -> None:
        """Take out what saves nothing; the worst first, because without them others may pay."""
        while losing := sorted((bytes_, name) for name in self.chosen if (bytes_ := saved(name)) <= 0):
            for _bytes, name in losing[: -(-len(losing) // 4)]:
                self.chosen.discard(name)
                self._users.subtract(self._uses[name])

    def saved(self, name: str) -> float:
        """Bytes by which a chosen function makes the module smaller, handlers aside."""
        if name not in self._code:
            return 0.0
        calls = self._to_be_called(self._module.functions[name])
        return self._code[name] + _FUNCTION_BYTES - self.packed[name] - calls

    def saved_with_handlers(self, name: str) -> float:
        """The same, with the handlers that it alone needs."""
        return self.saved(name) - _HANDLER_BYTES * sum(self._users[used] == 1 for used in self._uses[name])

    def total(self) -> float:
        """Bytes by which all together make the module smaller."""
        handlers = _HANDLER_BYTES * sum(count > 0 for count in self._users.values())
        return sum(map(self.saved, sorted(self.chosen))) - handlers - _MACHINE_BYTES

    def _to_be_called(self, function: Function) -> int:
        """Bytes that compiled code and hosts need for calling it."""
        if function.exported is None and self._callers[function.name] <= self.chosen:
            return 0
        return _STUB_BYTES + _VALUE_BYTES * (len(function.param_types) + len(function.results))
