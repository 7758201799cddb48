"""The whole of inference for one program: roots, fixpoint, typed functions, exports, remarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wasmlathe.diagnostics import Diagnostics, SourceFile, nearest
from wasmlathe.frontend.tova import library
from wasmlathe.ir.core import Loc, Module
from wasmlathe.pipeline.spec import Remark

from .annotations import Annotation, AnnotationError, ArrayOf, parse_annotation
from .build import Classes, FunctionBuilder, Program
from .choices import Problem
from .emit import declare_global, shown_global
from .flow import Flow, TooManySteps
from .instances import Instance
from .lattice import NEVER, NIL, Array, Nominal, Ty, TypeCell, show
from .remarks import remark_all
from .representation import NoRepresentation
from .rules_data import RESULT

ENTRY = "_start"


def infer_program(
    hir: Module,
    diagnostics: Diagnostics,
    remarks: list[Remark],
    sources: dict[str, SourceFile],
    exports: Mapping[str, Sequence[str]],
    note_kinds: bool,
) -> Module:
    """See `wasmlathe.infer.infer`."""
    module = Module(hir.name, "typed")
    flow = Flow(hir, library.function)
    roots: dict[str, Instance] = {}
    if ENTRY in hir.functions:
        roots[ENTRY] = flow.add_root(hir.functions[ENTRY], [])
    for name, types in _exported(hir, exports, diagnostics, flow).items():
        roots[name] = flow.add_root(hir.functions[name], types)
    try:
        flow.run()
    except TooManySteps as problem:
        diagnostics.error(
            "E0401",
            f"the types of the program do not settle (while looking at '{problem.function}')",
            hint="annotate the parameters of the functions involved",
        )
        return module
    _add_called_exports(hir, flow, roots)
    _add_initializer(hir, flow, roots)
    classes = Classes(list(roots.values()))
    program = Program(flow, module, classes, sources, diagnostics, note_kinds)
    _declare_globals(program)
    _build_functions(program, roots)
    if not diagnostics.has_errors:
        _export(program, roots)
        remark_all(program, remarks)
        _warn_unused_results(program)
    return module


# --- what hosts may call ----------------------------------------------------------------------------------------------


def _exported(
    hir: Module, wanted: Mapping[str, Sequence[str]], diagnostics: Diagnostics, flow: Flow
) -> dict[str, list[Ty]]:
    """Parameter types of the functions that hosts may call: those asked for, and annotated `pub` functions."""
    asked: dict[str, Sequence[str | None]] = dict(wanted)
    for name, function in hir.functions.items():
        annotations = function.attrs.get("annotations")
        if annotations is not None and None not in annotations:
            asked.setdefault(name, annotations)
    found = {}
    for name, texts in asked.items():
        function = hir.functions.get(name)
        if function is None or function.attrs.get("captures"):
            close = nearest(name, hir.functions)
            hint = f"did you mean '{close}'?" if close else None
            diagnostics.error("E0200", f"there is no top-level function '{name}' to export", None, hint)
        elif len(texts) != len(function.param_types):
            count = len(function.param_types)
            diagnostics.error("E0206", f"'{name}' takes {count} parameters, but {len(texts)} types are given")
        else:
            types = _parameter_types(name, texts, diagnostics, flow)
            if types is not None:
                found[name] = types
    return found


def _parameter_types(name: str, texts: Sequence[str | None], diagnostics: Diagnostics, flow: Flow) -> list[Ty] | None:
    types = []
    for text in texts:
        try:
            type_ = _declared(parse_annotation(text or "Any"), flow)
        except AnnotationError as error:
            diagnostics.error(error.code, f"export of '{name}': {error.message}", None, error.hint)
            return None
        if type_ is None:
            return None  # `Any` and functions have no representation for hosts: the function is not exported
        types.append(type_)
    return types


def _declared(annotation: Annotation, flow: Flow) -> Ty | None:
    """A type for a value that comes from outside: arrays get a cell of their own."""
    if not isinstance(annotation, ArrayOf):
        return annotation.plain()
    element = _declared(annotation.element, flow)
    if element is None:
        return None
    cell: TypeCell = flow.new_cell()
    cell.grow(element)
    return Array(cell)


def _add_called_exports(hir: Module, flow: Flow, roots: dict[str, Instance]) -> None:
    """Export unannotated `pub` functions that the program calls in just one way, for these types."""
    for name, function in hir.functions.items():
        known = flow.table.by_function.get(function, [])
        if function.attrs.get("pub") and name not in roots and len(known) == 1:
            roots[name] = known[0]


def _add_initializer(hir: Module, flow: Flow, roots: dict[str, Instance]) -> None:
    """Export the top level as a function of its own, if it is one, for hosts that call other functions."""
    name = initializer_of(hir)
    if name is not None and name not in roots and len(roots) > 1:
        roots[name] = flow.table.by_function[hir.functions[name]][0]


def initializer_of(hir: Module) -> str | None:
    """The function that executes the top level without calling `main`; None if there is nothing to execute."""
    return hir.functions[ENTRY].attrs.get("initializer") if ENTRY in hir.functions else None


def _export(program: Program, roots: dict[str, Instance]) -> None:
    initializer = initializer_of(program.flow.module)
    for name, instance in roots.items():
        symbol = program.name_of(instance)
        function = program.module.functions[symbol]
        if name in (ENTRY, initializer):
            function.exported = name
        elif (entry := _manifest_entry(name, instance)) is not None:
            function.exported = name
            program.module.exports[name] = entry


def _manifest_entry(name: str, instance: Instance) -> dict[str, Any] | None:
    """What a host must know to call it; None if a type cannot cross the border."""
    types = [*instance.args, NIL if instance.result is NEVER else instance.result]
    texts = [_host_type(type_) for type_ in types]
    if None in texts:
        return None
    *params, result = texts
    names = [value.name or f"arg{number}" for number, value in enumerate(instance.function.params)]
    return {
        "symbol": name,
        "params": [{"name": n, "type": text} for n, text in zip(names, params, strict=True)],
        "result": result,
    }


def _host_type(type_: Ty) -> str | None:
    if isinstance(type_, Array):
        content = type_.cell.type
        element = "Int" if content is NEVER else _host_type(content)
        return None if element in (None, "Nil") else f"[{element}]"
    text = show(type_)
    return text if text in ("Int", "Float", "Bool", "String", "Nil") else None


# --- building ---------------------------------------------------------------------------------------------------------


def _declare_globals(program: Program) -> None:
    for name, cell in program.flow.globals.items():
        type_ = cell.type
        if type_ is NEVER:
            continue
        try:
            declare_global(program.module, name, type_, name in program.checked_globals)
        except NoRepresentation as problem:
            program.diagnostics.error(
                "E0400", f"not supported yet: {problem.why} (the variable '{shown_global(name)}')"
            )


def _build_functions(program: Program, roots: dict[str, Instance]) -> None:
    entry = roots.get(ENTRY)
    refused: dict[str, tuple[str, Loc | None]] = {}
    for instance in program.classes.representatives.values():
        program.flow.current = instance
        try:
            builder = FunctionBuilder(program, instance, instance is entry)
        except NoRepresentation as problem:
            loc = instance.origin.loc if instance.origin is not None else instance.function.loc
            shown = instance.function.source_name.removeprefix("std.")
            refused.setdefault(problem.why, (shown, program.user_loc(instance.parent or instance, loc)))
            continue
        builder.build()
    reported = {message for message, _ in program.reported}
    for why, (shown, loc) in refused.items():
        # Where such a value is made says more than where it is passed on.
        if f"not supported yet: {why}" not in reported:
            program.report(Problem("E0400", f"not supported yet: {why} (in a call of '{shown}')"), loc)
    program.flow.current = None


# --- warnings ---------------------------------------------------------------------------------------------------------


#: Ops whose result somebody has to look at if it is a Result.
_CALLS = frozenset({"dyn.call", "dyn.method", "dyn.call_value"})


def _warn_unused_results(program: Program) -> None:
    """Warn of calls that give a Result which nobody looks at: its error would be lost."""
    for instance in program.classes.representatives.values():
        function = instance.function
        used = {value for op in function.ops() for value in op.used_values()}
        for block in function.blocks:
            for op in block.ops if block in instance.live else ():
                is_ours = op.loc is not None and op.loc.file in program.files
                if is_ours and op.name in _CALLS and op.results[0] not in used:
                    _warn_unused_result(program, op.loc, instance.type_of(op.results[0]))


def _warn_unused_result(program: Program, loc: Loc | None, type_: Ty) -> None:
    if isinstance(type_, Nominal) and type_.declaration.name == RESULT and ("W0213", loc) not in program.reported:
        program.reported.add(("W0213", loc))
        hint = "pass it on with `?`, or look at it with match, unwrap or unwrapOr; `_ = ...` drops it"
        program.diagnostics.warning("W0213", "the Result of this call is not used", program.span(loc), hint)
