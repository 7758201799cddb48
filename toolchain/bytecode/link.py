"""A program as bytecode: functions of stage mem become data, and what calls across the border is made.

    @main, @fib (the user's)  @print (the library's)        =>        segment "vm-code" with main's and fib's bytecode
                                                                      @main, @fib: store arguments in a frame, call the VM
                                                                      @print: as it was; "to @print" takes it from a frame

Compiled code calls a function that is bytecode by its name, as before: what stands there puts the arguments into a frame
behind the last one and starts the VM. Bytecode calls a compiled function through the table, whose entries take the arguments
from a frame and leave the results there. Module variables move to memory, where both sides reach them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..artifact import SourceMap
from ..codegen.binaryen import BinaryenModule
from ..codegen.memory_image import MemoryImage
from ..ir import types as t
from ..ir.build import Builder
from ..ir.core import DataSegment, Function, Global, Loc, Module, Op, Value
from ..ir.ops import row_named
from .assemble import Code, assemble
from .disassemble import disassemble, instructions
from .instructions import HEADER, MAX_FRAME, REGISTER, WORD
from .machine import FRAME, PLACE, RUN, TOP, add_machine
from .nodes import Unsuitable

_ENTRY_NAME = "vm-to "
CODE, STACK = "vm-code", "vm-stack"
VARIABLES = "vm-variables"
STACK_BYTES = 64 << 20
#: A frame begins below this distance from the end of the stack, so that its registers fit.
_MARGIN = 2 * MAX_FRAME
_OVERFLOW = "stack overflow"


@dataclass(slots=True)
class Program:
    """What code generation and the host have to know of the bytecode in a module."""

    #: Functions that are bytecode, with the offset of each in the code.
    functions: dict[str, int] = field(default_factory=dict)
    #: The code of all of them, in which calls have the offsets of functions and nothing else has an address yet.
    content: bytes = b""
    #: Bytes of their frames.
    frames: dict[str, int] = field(default_factory=dict)
    #: Functions that stay compiled although they were asked for, and why.
    refused: dict[str, str] = field(default_factory=dict)
    #: Names of the functions in the table.
    entries: list[str] = field(default_factory=list)
    #: (offset in the code, place), ascending.
    places: list[tuple[int, Loc | None]] = field(default_factory=list)
    #: Panics by number.
    sites: dict[tuple[str, str, int, int], int] = field(default_factory=dict)
    #: Names of the instructions that occur.
    used: set[str] = field(default_factory=set)
    #: Addresses of the code and of the stack.
    code: int = 0
    stack: int = 0

    def manifest(self) -> dict[str, Any]:
        """What the host needs to tell the open calls of bytecode (`wasm_runtime.bytecode_frames`)."""
        places = {at: (loc.file, loc.line, loc.col) if loc is not None else None for at, loc in self.places}
        functions = sorted((offset, name) for name, offset in self.functions.items())
        return {
            "code": self.code,
            "functions": functions,
            "places": SourceMap.from_dict(places).plain(),
            "stubs": _ENTRY_NAME,
        }

    def text(self, only: str | None = None) -> str:
        """The bytecode, disassembled; `only` one function's."""
        entries = [name.removeprefix(_ENTRY_NAME) for name in self.entries]
        return disassemble(self.content, self.functions, self.frames, entries, self.places, only)

    def add_to(self, out: BinaryenModule, every_instruction: bool = False) -> None:
        """Add the VM and its table of functions."""
        out.add_table("vm-table", self.entries)
        used = None if every_instruction else frozenset(self.used)
        for name in (PLACE, FRAME):
            out.add_global_export(name, name)
        add_machine(out, used, self.stack + STACK_BYTES - _MARGIN, self.sites[_OVERFLOW, "", 0, 0])


def link(module: Module, wanted: Callable[[Function], bool]) -> Program:
    """Turn the functions that are `wanted` into bytecode, in place."""
    return _Link(module).link(wanted)


def is_users(function: Function) -> bool:
    """True for functions of the program: the library has no places."""
    return any(op.loc is not None for op in function.ops())


class _Link:
    def __init__(self, module: Module) -> None:
        self._module = module
        self._program = Program()
        self._bytecode: set[str] = set()
        self._slots: dict[str, int] = {}

    def link(self, wanted: Callable[[Function], bool]) -> Program:
        module, program = self._module, self._program
        program.sites[_OVERFLOW, "", 0, 0] = 0
        _move_variables(module)
        chosen = [f for f in module.functions.values() if f.blocks and wanted(f)]
        codes = self._assemble(chosen)
        words, relocations = self._joined(codes)
        segment = DataSegment(CODE, bytes(words))
        segment.relocations += relocations
        module.data[CODE] = segment
        module.data[STACK] = DataSegment(STACK, b"", 8, STACK_BYTES)
        for name, variable in _VM_GLOBALS.items():
            module.globals[name] = Global(name, variable, 0)
        image = MemoryImage(module)
        program.code, program.stack = image.addresses[CODE], image.addresses[STACK]
        module.globals[TOP].init = program.stack
        machine = Function(RUN, [t.I32, t.I32], ())
        machine.attrs["machine"] = True
        module.add(machine)
        for name in program.functions:
            _write_stub(module.functions[name], program.code + program.functions[name])
        for name in self._slots:
            program.entries.append(_add_entry(module, module.functions[name]).name)
        return program

    # What assembling asks

    def number(self, message: str, loc: Loc | None) -> int:
        file, line, col = (loc.file, loc.line, loc.col) if loc is not None else ("", 0, 0)
        return self._program.sites.setdefault((message, file, line, col), len(self._program.sites))

    def text_panic(self, loc: Loc | None) -> str:
        file, line, col = (loc.file, loc.line, loc.col) if loc is not None else ("", 0, 0)
        name = f"{_ENTRY_NAME}panic-text {file}:{line}:{col}"
        if name not in self._module.functions:
            function = Function(name, [t.I32, t.I32], ())
            self._module.add(function)
            block = function.add_block()
            Builder(block, None, loc).emit("panic_text", [block.add_param(t.I32), block.add_param(t.I32)], ())
        return name

    def slot(self, name: str) -> int | None:
        if name in self._bytecode:
            return None
        return self._slots.setdefault(name, len(self._slots))

    # Parts

    def _assemble(self, chosen: list[Function]) -> dict[str, Code]:
        """Bytecode for the chosen functions; what cannot be bytecode is compiled, and called so by the others."""
        self._bytecode = {f.name for f in chosen}
        while True:
            codes: dict[str, Code] = {}
            self._slots.clear()
            refused = len(self._program.refused)
            for function in chosen:
                if function.name not in self._bytecode:
                    continue
                try:
                    codes[function.name] = assemble(function, self, self)
                except Unsuitable as reason:
                    self._program.refused[function.name] = str(reason)
                    self._bytecode.discard(function.name)
            if len(self._program.refused) == refused:
                return codes

    def _joined(self, codes: dict[str, Code]) -> tuple[bytearray, list[tuple[int, str, int]]]:
        """All code behind each other, and where addresses have to be written into it."""
        program = self._program
        words = bytearray(WORD)  # an address of code is never 0, even at the start of memory
        for name, code in codes.items():
            program.functions[name] = len(words)
            program.frames[name] = code.frame
            program.places += [(len(words) + at, loc) for at, loc in code.places]
            words += code.words
        relocations = []
        for name, code in codes.items():
            start = program.functions[name]
            for at, symbol, is_code in code.relocations:
                if is_code:
                    offset = program.functions[symbol]
                    words[start + at : start + at + 4] = offset.to_bytes(4, "little")
                    relocations.append((start + at, CODE, offset))
                else:
                    relocations.append((start + at, symbol, 0))
            program.used |= _names_in(code.words)
        program.content = bytes(words)
        return words, relocations


_VM_GLOBALS = {TOP: t.I32, FRAME: t.I32, PLACE: t.I32}


def _names_in(code: bytes) -> set[str]:
    """The instructions that occur."""
    return {found.name for _at, found, _size in instructions(code) if found is not None}


# Across the border

_LOAD = {t.I32: "mem.load_i32", t.I64: "mem.load_i64", t.F64: "mem.load_f64", t.BOOL: "mem.load_i32"}
_STORE = {t.I32: "mem.store_i32", t.I64: "mem.store_i64", t.F64: "mem.store_f64", t.BOOL: "mem.store_i32"}


def _load(build: Builder, frame: Value, index: int, type_: t.Type) -> Value:
    value = build.op(_LOAD[type_], frame, offset=HEADER + REGISTER * index, alias="any")
    if type_ is not t.BOOL:
        return value
    return build.op("i32.ne", value, build.const(t.I32, 0))


def _store(build: Builder, frame: Value, index: int, value: Value) -> None:
    if value.type is t.BOOL:
        value = build.op("i32.from_bool", value)
    build.emit(_STORE[value.type], (frame, value), offset=HEADER + REGISTER * index, alias="any")


def _write_stub(function: Function, code: int) -> None:
    """Replace the body: arguments into a frame, the VM, results out of it."""
    function.blocks.clear()
    block = function.add_block()
    params = [block.add_param(type_) for type_ in function.param_types]
    build = Builder(block)
    top = build.insert(Op(row_named("global.get"), [], (t.I32,), {"name": TOP})).result
    frame = build.op("i32.add", top, build.const(t.I32, HEADER))
    build.emit("mem.store_i32", (frame, build.const(t.I32, 0)), offset=0, alias="any")
    build.emit("mem.store_i32", (frame, top), offset=4, alias="any")
    for index, value in enumerate(params):
        _store(build, frame, index, value)
    build.call(RUN, (build.const(t.I32, code), frame), ())
    build.emit("global.set", (top,), name=TOP)
    build.ret(*(_load(build, frame, index, type_) for index, type_ in enumerate(function.results)))


def _add_entry(module: Module, callee: Function) -> Function:
    """The function of the table that calls `callee` with what is in a frame."""
    entry = Function(_ENTRY_NAME + callee.name, [t.I32], ())
    module.add(entry)
    block = entry.add_block()
    frame = block.add_param(t.I32)
    build = Builder(block)
    args = [_load(build, frame, index, type_) for index, type_ in enumerate(callee.param_types)]
    results = build.call(callee.name, args, callee.results).results
    for index, value in enumerate(results):
        _store(build, frame, index, value)
    build.ret()
    return entry


def _move_variables(module: Module) -> None:
    """Keep the module's variables in a data segment instead of in globals of WebAssembly."""
    offsets: dict[str, int] = {}
    content = bytearray()
    for variable in module.globals.values():
        offsets[variable.name] = len(content)
        content += _initial(variable)
    if not offsets:
        return
    for function in module.functions.values():
        for block in function.blocks:
            _rewrite_variables(block.ops, offsets, module)
    module.data[VARIABLES] = DataSegment(VARIABLES, bytes(content))
    module.globals.clear()


def _rewrite_variables(ops: list[Op], offsets: dict[str, int], module: Module) -> None:
    for index in range(len(ops) - 1, -1, -1):
        op = ops[index]
        if op.name not in ("global.get", "global.set"):
            continue
        block, name = op.block, op.attrs["name"]
        attrs = {"offset": offsets[name], "alias": f"variable {name}"}
        build = Builder(block, index, op.loc)
        base = build.op("mem.data_addr", data=VARIABLES)
        at = index + 1
        if op.name == "global.set":
            value = op.operands[0]
            ops[at] = Op(row_named(_VARIABLE_STORE[value.type]), [base, value], (), attrs, op.loc)
        else:
            new = Op(row_named(_VARIABLE_LOAD[op.result.type]), [base], (op.result.type,), attrs, op.loc)
            ops[at] = new
            block.function.replace_uses({op.result: new.result})
        ops[at].block = block


_VARIABLE_LOAD = {**_LOAD, t.BOOL: "mem.load_bool"}
_VARIABLE_STORE = {**_STORE, t.BOOL: "mem.store_bool"}


def _initial(variable: Global) -> bytes:
    import struct

    form = {t.F64: "<d", t.I64: "<q"}.get(variable.type, "<q")
    return struct.pack(form, variable.init if variable.type is t.F64 else int(variable.init))
