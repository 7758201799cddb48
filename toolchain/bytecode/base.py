"""The base module: the VM with every handler, and the library, compiled once for all programs.

    samples.tova --compiled to stage mem--> functions of the library --by identity--> one module, everything in a table
    program --sharing.link--> Image: bytecode and data for free places of the base's memory

    memory of a base    0 ..  shadow stack, data of the library, the collector's tables
                              "vm-roots", "rt-descriptors": filled by programs
                              "vm-region": a program's code and data
                              "vm-stack": frames
                        heap base

The facts about a base that linking needs are in the manifest of its artifact under "base" (`Facts`).
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import quick
from ..artifact import Artifact
from ..codegen.emit import PANIC_TEXT, Generated, finish, generate
from ..codegen.memory_image import MemoryImage
from ..diagnostics import SourceFile
from ..ir import types as t
from ..ir.build import Builder
from ..ir.clone import clone_function
from ..ir.core import DataSegment, Function, Global, Module, Target
from ..ir.ops.row import Effects
from ..lower.descriptors import TABLE
from ..sealed import digest
from ..wasm_runtime.host import IMPORTS
from ..wasm_runtime.images import START
from . import variables
from .crossing import Signature, add_stub, signature_of
from .handlers import TOP
from .identity import MARK_GLOBALS, Identities
from .image import letters
from .link import OVERFLOW, STACK_BYTES, Program, add_machine_parts
from .marking import library_of

if TYPE_CHECKING:
    from ..cache import Cache
    from ..driver import CompileOptions, Progress

#: The program that uses the library in the usual ways.
SAMPLES = Path(__file__).with_name("samples.tova")
LEVEL = "O2"
ROOTS, REGION = "vm-roots", "vm-region"
ROOTS_BYTES = 64 << 10
DESCRIPTORS_BYTES = 256 << 10
REGION_BYTES = 16 << 20

_TYPES = {"i": t.I32, "l": t.I64, "d": t.F64}


@dataclass(slots=True)
class Facts:
    """What linking a program needs to know of a base."""

    #: Identity of a function -> slot, slot of its adapter.
    functions: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    #: Slot -> name.
    names: dict[int, str] = field(default_factory=dict)
    #: Slot -> types of parameters, of results, as letters (`image.LETTERS`); of functions, and of adapters.
    natives: dict[int, tuple[str, str]] = field(default_factory=dict)
    adapters: dict[int, tuple[str, str]] = field(default_factory=dict)
    #: Identity of a data segment -> address.
    segments: dict[bytes, int] = field(default_factory=dict)
    #: Variable of the library -> address.
    variables: dict[str, int] = field(default_factory=dict)
    #: What programs fill: name -> address, bytes.
    rooms: dict[str, tuple[int, int]] = field(default_factory=dict)
    sites: list[tuple[str, str, int, int]] = field(default_factory=list)
    #: Bytes of memory that are the VM's and not the program's.
    own_bytes: int = 0
    #: Of the base module; what was linked for another one does not run.
    digest: bytes = b""

    @classmethod
    def of(cls, base: Artifact) -> Facts:
        return cls(**base.manifest["base"])

    def plain(self) -> dict[str, Any]:
        """As `marshal` takes it."""
        return {name: getattr(self, name) for name in self.__slots__}


def build(
    samples: Iterable[SourceFile] | None = None, cache: Cache | None = None, progress: Progress | None = None
) -> Artifact:
    """The base module for programs of this toolchain. Raises BinaryenMissing.

    The library's optimized functions are kept in `cache`, so that programs which bring the same ones need not optimize them.
    """
    from ..driver import CompileOptions, compile_source, compiler_settings
    from ..pipeline.preparing import PipelineRequest

    sources = samples if samples is not None else [SourceFile(SAMPLES.name, SAMPLES.read_text(encoding="utf-8"))]
    library = _Library()
    with compiler_settings():
        for source in sources:
            request = PipelineRequest(LEVEL, without=("dead-functions",))  # what nothing calls here, a program may call
            options = CompileOptions(request, shares_library=True, stop_at="mem", cache=cache, progress=progress)
            library.add(compile_source(source, options).modules["mem"])
        return library.artifact()


def obtain(cache: Cache, asking: CompileOptions | None = None) -> Artifact:
    """The base module from the cache, or else built and put there. Raises BinaryenMissing.

    `asking`: the compilation that needs it, which shows the progress of this one.
    """
    found = quick.load_base(cache)
    if found is None:
        found = build(cache=cache, progress=asking.progress if asking is not None else None)
        quick.store_base(cache, found)
    return found


class _Library:
    """The functions of several programs' library, each once."""

    def __init__(self) -> None:
        self._module = Module("base", "mem")
        self._names: dict[bytes, str] = {}
        self._segments: dict[bytes, str] = {}

    def add(self, program: Module) -> None:
        """Add what is not there yet."""
        identities = Identities(program)
        wanted = [f for f in library_of(program) if f.exported is None]
        new: list[Function] = []
        callees = {f.name: f.name for f in program.functions.values() if f.is_import or f.name == MARK_GLOBALS}
        for function in wanted:
            identity = identities.function(function.name)
            if function.name == MARK_GLOBALS:
                continue
            if identity not in self._names:
                self._names[identity] = _free(self._module.functions, function.name)
                new.append(function)
            callees[function.name] = self._names[identity]
        for function in new:
            copy = clone_function(function, callees[function.name])[0]
            for op in copy.ops():
                if "callee" in op.attrs:
                    op.attrs["callee"] = callees[op.attrs["callee"]]
                if "data" in op.attrs:
                    op.attrs["data"] = self._segment(program, op.attrs["data"], identities)
                if op.name in ("global.get", "global.set"):
                    variable = program.globals[op.attrs["name"]]
                    self._module.globals[variable.name] = Global(variable.name, variable.type, variable.init)
            self._module.add(copy)

    def _segment(self, program: Module, name: str, identities: Identities) -> str:
        identity = identities.segment(name)
        known = self._segments.get(identity)
        if known is not None:
            return known
        original = program.data[name]
        made = self._segments[identity] = _free(self._module.data, name)
        is_table = name == TABLE
        copy = DataSegment(
            made,
            b"" if is_table else original.content,
            original.align,
            DESCRIPTORS_BYTES if is_table else original.room,
        )
        self._module.data[made] = copy
        if not is_table:
            copy.relocations = [
                (at, self._segment(program, target, identities), addend) for at, target, addend in original.relocations
            ]
        return made

    def artifact(self) -> Artifact:
        module = self._module
        _add_roots(module)
        _add_imports(module)
        program = Program(sites={OVERFLOW: 0}, every_instruction=True)
        natives = [f.name for f in module.functions.values() if f.name != MARK_GLOBALS]
        for name in (*natives, PANIC_TEXT):
            program.table.native(name, signature_of(module, name))
        homes = variables.move_to_memory(module)
        module.data[REGION] = DataSegment(REGION, b"", 8, REGION_BYTES)
        add_machine_parts(module)
        add_stub(module, START, Signature((), (t.I64,)), None).exported = START
        addresses = MemoryImage(module).addresses
        program.stack = addresses["vm-stack"]
        module.globals[TOP].init = program.stack
        facts = self._facts(program, addresses, homes)
        generated = generate(module, program)
        facts.sites = list(program.sites)
        return _finish(generated, facts)

    def _facts(self, program: Program, addresses: dict[str, int], homes: variables.Homes) -> Facts:
        module, table = self._module, program.table
        facts = Facts()
        identities = {name: identity for identity, name in self._names.items()}
        for name in table.names:
            slot = table.slot(name)
            if name in table.adapters:
                facts.adapters[slot] = _letters(table.adapters[name])
                continue
            signature = signature_of(module, name)
            identity = identities.get(name) or import_identity(name)
            facts.functions[identity] = table.native(name, signature)
            facts.names[slot], facts.natives[slot] = name, _letters(signature)
        facts.own_bytes = STACK_BYTES + REGION_BYTES + ROOTS_BYTES + DESCRIPTORS_BYTES
        facts.segments = {identity: addresses[name] for identity, name in self._segments.items()}
        facts.variables = {name: addresses[segment] + offset for name, (segment, offset) in homes.items()}
        for name in (ROOTS, TABLE, REGION):
            facts.rooms[name] = (addresses[name], module.data[name].room)
        return facts


def import_identity(name: str) -> bytes:
    """What stands for the import `name` where functions have identities."""
    return name.encode()


def _letters(signature: Signature) -> tuple[str, str]:
    return letters(signature.params), letters(signature.results)


def _free(taken: Container[str], name: str) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}~{number}"
    return found


def _add_imports(module: Module) -> None:
    """Every function of the host: which of them programs call is not known yet."""
    for name, row in IMPORTS.items():
        full = f"env.{name}"
        if full == PANIC_TEXT:
            continue
        function = Function(full, [_TYPES[kind] for kind in row.params], tuple(_TYPES[kind] for kind in row.results))
        function.attrs.update({"import": ("env", name), "effects": Effects.IO | Effects.READS | Effects.WRITES})
        module.functions[full] = function


def _add_roots(module: Module) -> None:
    """Marking what variables refer to, whose addresses a program leaves in a table: their number, then each."""
    module.data[ROOTS] = DataSegment(ROOTS, b"", 8, ROOTS_BYTES)
    function = module.add(Function(MARK_GLOBALS, [], ()))
    entry, head, body, done = (function.add_block() for _ in range(4))
    build = Builder(entry)
    table = build.op("mem.data_addr", data=ROOTS)
    count = build.op("mem.load_i32", table, offset=0, alias="any")
    size = build.op("i32.shl", count, build.const(t.I32, 2))
    end = build.op("i32.add", table, size)
    build.br(head, table)
    build.at_end(head)
    at = head.add_param(t.I32)
    build.cond_br(build.op("i32.lt_u", at, end), Target(body), Target(done))
    build.at_end(body)
    variable = build.op("mem.load_i32", at, offset=4, alias="any")
    build.call("rt-mark-root", [build.op("mem.load_i32", variable, offset=0, alias="any")], ())
    build.br(head, build.op("i32.add", at, build.const(t.I32, 4)))
    build.at_end(done)
    build.ret()


def _finish(generated: Generated, facts: Facts) -> Artifact:
    made = finish(generated, name="base", names=True)
    facts.digest = digest(made.wasm)
    return Artifact(made.wasm, made.source_map, {**made.manifest, "base": facts.plain()})
