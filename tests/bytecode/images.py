"""Images of programs for the tests of the verifier, made from the bytecode of self-contained modules."""

from __future__ import annotations

from dataclasses import dataclass

from wasmlathe.artifact import Artifact, SourceMap
from wasmlathe.bytecode.crossing import Signature
from wasmlathe.bytecode.image import LETTERS, Image
from wasmlathe.bytecode.link import CODE, Program, is_users, link
from wasmlathe.bytecode.verify import Surroundings
from wasmlathe.codegen.emit import finish, generate
from wasmlathe.codegen.memory_image import MemoryImage
from wasmlathe.diagnostics import SourceFile
from wasmlathe.driver import ENTRY, CompileOptions, compile_source
from wasmlathe.ir.clone import clone_module
from wasmlathe.ir.core import Module
from wasmlathe.ir.types import Type
from wasmlathe.pipeline.preparing import PipelineRequest

LETTER = {name: letter for letter, name in LETTERS.items()}
BASE = bytes(range(16))


@dataclass(frozen=True)
class Linked:
    """A program as an image, what is around it, and the same program as a module of its own."""

    image: Image
    surroundings: Surroundings
    program: Program
    #: With the bytecode.
    module: Module

    def artifact(self) -> Artifact:
        """The module with every instruction, compiled."""
        self.program.every_instruction = True
        facts = {"name": self.image.name, "entry": ENTRY, "entry_result": self.image.entry_result}
        return finish(generate(self.module, self.program), names=True, vm=self.program.manifest(), **facts)


def letters(types: list[Type] | tuple[Type, ...]) -> str:
    return "".join(LETTER[str(type_)] for type_ in types)


def linked(mem: Module, wanted=is_users) -> Linked:  # type: ignore[no-untyped-def]
    """The functions of a module of stage mem that are `wanted`, as bytecode."""
    signatures = {f.name: (letters(f.param_types), letters(f.results)) for f in mem.functions.values()}
    module = clone_module(mem)
    program = link(module, wanted)
    memory = MemoryImage(module)
    code = memory.content[program.code : program.code + len(module.data[CODE].content)]
    rows = [
        (name, offset, program.frames[name], *signatures[name])
        for name, offset in sorted(program.functions.items(), key=lambda item: item[1])
    ]
    entry = program.functions.get(ENTRY)
    places = {at: (loc.file, loc.line, loc.col) if loc is not None else None for at, loc in program.places}
    image = Image(
        name=mem.name,
        base=BASE,
        start=program.code,
        code=code,
        functions=rows,
        entry=entry,
        entry_result=(signatures[ENTRY][1] or None) if entry is not None else None,
        pieces=[(program.code + -(-len(code) // 8) * 8, b"constant")],
        memory_end=-(-(program.code + len(code) + 64) // 8) * 8,
        sites=list(program.sites)[1:],
        places=SourceMap.from_dict(places),
        extras={"shadow": True},
    )
    return Linked(image, _surroundings(program, signatures), program, module)


def _surroundings(program: Program, signatures: dict[str, tuple[str, str]]) -> Surroundings:
    table = program.table
    adapters = {table.slot(name): _both(signature) for name, signature in table.adapters.items()}
    natives = {
        table.slot(name): signatures.get(name, ("iii", ""))  # the import that panics with a text is no function
        for name in table.names
        if name not in table.adapters and not name.startswith("vm-from")
    }
    return Surroundings(BASE, natives, adapters, sites=1, free=program.code, reserved=((16, 64),))


def _both(signature: Signature) -> tuple[str, str]:
    return letters(signature.params), letters(signature.results)


def of_source(name: str, text: str, level: str = "O2") -> Linked:
    """A program in the language."""
    options = CompileOptions(PipelineRequest(level), stop_at="mem")
    return linked(compile_source(SourceFile(name, text), options).modules["mem"])
