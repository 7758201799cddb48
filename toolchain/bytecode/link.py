"""A program that is bytecode in part: one module with the VM, the bytecode as data, and the compiled functions.

    @main, @fib (the user's)  @print (the library's)        =>        segment "vm-code" with main's and fib's bytecode
                                                                      @print: as it was, in the table
                                                                      @main: forwards to the stub in its slot (`crossing`)

Module variables move to memory, where both sides reach them (`variables`). `base` and `sharing` are the other way to run
bytecode: programs as data for a module that all have in common.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..artifact import SourceMap
from ..codegen.binaryen import BinaryenModule
from ..codegen.memory_image import MemoryImage
from ..ir import types as t
from ..ir.core import DataSegment, Function, Global, Loc, Module
from . import variables
from .codes import Assembly, Codes, Sites, callees
from .counters import COUNTERS, SCALE
from .crossing import CallTable, add_stub, signature_of
from .disassemble import disassemble
from .handlers import FRAME, PLACE, TOP
from .instructions import MAX_FRAME
from .machine import RUN, add_machine
from .packing import dense_numbers, renumbered
from .unpacking import add_unpacking

CODE, STACK = "vm-code", "vm-stack"
STACK_BYTES = 64 << 20
#: A frame begins below this distance from the end of the stack, so that its registers fit.
MARGIN = 2 * MAX_FRAME
OVERFLOW = ("stack overflow", "", 0, 0)


@dataclass(slots=True)
class Program(Codes):
    """What code generation and the host have to know of the bytecode in a module."""

    table: CallTable = field(default_factory=CallTable)
    sites: Sites = field(default_factory=dict)
    #: Addresses of the code and of the stack.
    code: int = 0
    stack: int = 0
    #: Address of the counters, if the VM counts.
    counters: int | None = None
    #: Where the functions that are bytecode are declared.
    declared: dict[str, Loc] = field(default_factory=dict)
    every_instruction: bool = False
    #: What adds the VM: `machine.add_machine`, or `threaded.add_machine` for comparison.
    shape: Callable[..., None] = add_machine
    #: Whether the module holds the code packed, and unpacks it when it is instantiated. Its VM has instructions that occur,
    #: by numbers of their own.
    is_packed: bool = False

    def manifest(self) -> dict[str, Any]:
        """What the host needs to tell the open calls of bytecode (`wasm_runtime.bytecode_frames`)."""
        places = {at: (loc.file, loc.line, loc.col) if loc is not None else None for at, loc in self.places}
        functions = sorted((offset, name) for name, offset in self.functions.items())
        return {
            "code": self.code,
            "functions": functions,
            "places": SourceMap.from_dict(places).plain(),
            "room": STACK_BYTES,
            "stack": self.stack,
            "bytes": len(self.content),
            **(self._counted() if self.counters is not None else {}),
        }

    def _counted(self) -> dict[str, Any]:
        """What it takes to read the counts (`counting`)."""
        kinds = [(at, note.loc[:3], note.use, note.kind, note.is_jump) for at, note in self.notes if note.loc]
        declared = {name: loc[:3] for name, loc in self.declared.items()}
        return {"counters": self.counters, "kinds": kinds, "declared": declared}

    def text(self, only: str | None = None) -> str:
        """The bytecode, disassembled; `only` one function's."""
        return disassemble(self.content, self.functions, self.frames, self.table.names, self.places, only)

    def add_to(self, out: BinaryenModule) -> None:
        """Add what the VM needs besides itself: the functions in its table."""
        self.table.add_to(out)
        for name in (PLACE, FRAME, TOP):
            out.add_global_export(name, name)

    def add_machine(self, out: BinaryenModule) -> None:
        """Add the VM, before all other functions: where its code lies is why it is fast (`machine`)."""
        self.table.declare(out)
        out.keeps_order = True
        used = None if self.every_instruction else frozenset(self.used)
        bias = self.counters - SCALE * self.code if self.counters is not None else None
        numbers = {"numbers": dense_numbers(self.used)} if self.is_packed else {}
        self.shape(out, used, self.stack + STACK_BYTES - MARGIN, self.sites[OVERFLOW], bias, **numbers)

    def add_unpacking(self, out: BinaryenModule, content: bytes) -> tuple[int, bytes]:
        """Add what unpacks the code; the packed code with its address. `content` is memory as it would be without."""
        code = renumbered(content[self.code : self.code + len(self.content)], dense_numbers(self.used))
        return add_unpacking(out, code, self.code, self.stack)


def link(module: Module, wanted: Callable[[Function], bool], count: bool = False) -> Program:
    """Turn the functions that are `wanted` into bytecode, in place. With `count` the VM counts what it executes."""
    program = Program(sites={OVERFLOW: 0})
    variables.move_to_memory(module)
    assembly = Assembly(module, program.sites)
    assembly.assemble([f for f in module.functions.values() if f.blocks and wanted(f)], program)
    table = program.table = assembly.table
    segment = DataSegment(CODE, program.content)
    segment.relocations += [(at, symbol, 0) for at, symbol in program.addresses]
    segment.relocations += [(at, CODE, program.word_at(at)) for at in program.calls]
    module.data[CODE] = segment
    if count:
        program.declared = {f.name: f.loc for f in module.functions.values() if f.loc is not None}
        module.data[COUNTERS] = DataSegment(COUNTERS, b"", 8, SCALE * len(program.content))
    add_machine_parts(module)
    image = MemoryImage(module)
    program.code, program.stack = image.addresses[CODE], image.addresses[STACK]
    program.counters = image.addresses.get(COUNTERS)
    module.globals[TOP].init = program.stack
    _replace_functions(module, program, table)
    return program


def add_machine_parts(module: Module) -> None:
    """Add what the VM has besides its table: the stack, its globals, and itself as a function without a body."""
    module.data[STACK] = DataSegment(STACK, b"", 8, STACK_BYTES)
    for name in (TOP, FRAME, PLACE):
        module.globals[name] = Global(name, t.I32, 0)
    machine = Function(RUN, [t.I32, t.I32], ())
    machine.attrs["machine"] = True
    module.add(machine)


def _replace_functions(module: Module, program: Program, table: CallTable) -> None:
    """Leave of the functions that are bytecode what compiled code and hosts call."""
    compiled = [f for f in module.functions.values() if f.blocks and f.name not in program.functions]
    called = set().union(*(callees(function) for function in compiled))
    for name, offset in program.functions.items():
        function = module.functions[name]
        if name not in called and function.exported is None:
            del module.functions[name]
            continue
        signature = signature_of(module, name)
        add_stub(module, table.forward(name, signature), signature, program.code + offset)
        function.blocks.clear()
        function.attrs["machine"] = True
