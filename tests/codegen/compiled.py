"""Compiled modules under test: every function can be called, in wasmtime's own Python interface.

Compiled(module).call("f", 2, 3)        (5,)        or ProgramPanic
"""

from __future__ import annotations

from typing import Any

import wasmtime
from wasmlathe.artifact import PANIC_SITE, Artifact
from wasmlathe.bytecode.link import Program
from wasmlathe.codegen.emit import finish, generate
from wasmlathe.ir import types as t
from wasmlathe.ir.core import Module
from wasmlathe.wasm_runtime.engine import PANICS
from wasmlathe.wasm_runtime.panics import Location, ProgramPanic

HOST_TYPES = {"panic_text": 3, "write": 2}
_ENGINE = wasmtime.Engine()


def build(
    module: Module, passes: tuple[str, ...] = (), names: bool = True, program: Program | None = None, **manifest: Any
) -> Artifact:
    """The module as an artifact, after these passes of Binaryen, with every function exported."""
    export_all(module)
    generated = generate(module, program)
    for name in passes:
        generated.binaryen.run_passes([name], 2, 1)
    generated.binaryen.validate()
    return finish(generated, name=module.name, names=names, **manifest)


def export_all(module: Module) -> None:
    """Export every function under its name."""
    for function in module.functions.values():
        if not function.is_import and function.exported is None:
            function.exported = function.name


class Compiled:
    """An instance of a module; of one that `program` tells of, what was linked is bytecode."""

    def __init__(self, module: Module, passes: tuple[str, ...] = (), program: Program | None = None) -> None:
        self.module = module
        self.artifact = build(module, passes, program=program)
        self.store = wasmtime.Store(_ENGINE)
        code = wasmtime.Module(_ENGINE, self.artifact.wasm)
        linker = wasmtime.Linker(_ENGINE)
        for name, count in HOST_TYPES.items():
            type_ = wasmtime.FuncType([wasmtime.ValType.i32()] * count, [])
            linker.define_func("env", name, type_, getattr(self, name))
        self.instance = linker.instantiate(self.store, code)
        self.output = b""

    def panic(self) -> ProgramPanic | None:
        """The panic of which compiled code has left the site, if it has."""
        variable = self.instance.exports(self.store).get(PANIC_SITE)
        site = variable.value(self.store) if variable is not None else 0
        if not site:
            return None
        variable.set_value(self.store, 0)
        return ProgramPanic(self.artifact.manifest["sites"][site - 1]["message"], self.location(site - 1))

    def panic_text(self, address: int, size: int, site: int) -> None:
        raise ProgramPanic(self.read(address, size).decode(), self.location(site))

    def location(self, site: int) -> Location | None:
        entry = self.artifact.manifest["sites"][site]
        return Location(entry["file"], entry["line"], entry["col"]) if entry["line"] else None

    def write(self, address: int, size: int) -> None:
        self.output += self.read(address, size)

    def read(self, address: int, size: int) -> bytes:
        return bytes(self.instance.exports(self.store)["memory"].read(self.store, address, address + size))

    def call(self, name: str, *args: Any) -> tuple[Any, ...]:
        """The results of a function. Raises ProgramPanic, with a place where there is one."""
        function = self.module.functions[name]
        export = self.instance.exports(self.store)[function.exported]
        plain = [int(arg) if type_ is t.BOOL else arg for type_, arg in zip(function.param_types, args, strict=True)]
        try:
            found = export(self.store, *plain)
        except wasmtime.Trap as trap:
            code = trap.trap_code
            if (panic := self.panic()) is not None:
                raise panic from None
            if code is None or code.value not in PANICS:
                raise
            places = (self.artifact.source_map.lookup(frame.module_offset) for frame in trap.frames)
            place = next(filter(None, places), None)
            raise ProgramPanic(PANICS[code.value], Location(*place) if place else None) from None
        results = found if isinstance(found, list) else [found] if function.results else []
        return tuple(
            value == 1 if type_ is t.BOOL else value for type_, value in zip(function.results, results, strict=True)
        )
