"""What `explain` says of inference: types and specializations, values of several kinds and why, records without fields."""

from __future__ import annotations

from wasmlathe.ir.core import Block, Function, Op, Value
from wasmlathe.pipeline.spec import Remark

from .build import Program
from .emit import shown_global
from .instances import Instance
from .lattice import Func, Record, Ty, Union, show

#: Who these remarks are from.
STEP = "infer"

#: So many sources of a value are told.
_MOST_SOURCES = 4


def remark_all(program: Program, remarks: list[Remark]) -> None:
    """Add what there is to say about every function of the program's files, and its variables."""
    by_function: dict[Function, list[Instance]] = {}
    for instance in program.classes.representatives.values():
        by_function.setdefault(instance.function, []).append(instance)
    for function, instances in by_function.items():
        if function.loc is None or function.loc.file not in program.files:
            continue
        for instance in instances:
            types = ", ".join(map(_shown_argument, instance.args))
            kind = "specialized" if len(instances) > 1 else "typed"
            text = f"{function.source_name}({types}) -> {show(instance.result)}"
            remarks.append(Remark(kind, function.loc, text, function.source_name, STEP))
            _remark_kinds(instance, remarks)
        if function in program.flow.table.widened:
            text = f"{function.source_name} is called with too many kinds of arguments"
            remarks.append(Remark("widened", function.loc, text, function.source_name, STEP))
    for name, cell in program.flow.globals.items():
        if isinstance(cell.type, Union):
            text = f"{shown_global(name)} holds values of several kinds: {show(cell.type)}"
            remarks.append(Remark("boxed", None, text, "", STEP))


def _shown_argument(type_: Ty) -> str:
    """A type; of functions also which ones, because each makes a version of its own."""
    if not isinstance(type_, Func) or not type_.sites:
        return show(type_)
    functions = {site.function for site in type_.sites}
    made = sorted((f.loc.line if f.loc is not None else 0, f.source_name) for f in functions)
    return " or ".join(f"fn in line {line}" if name.startswith("lambda") else name for line, name in made)


def _remark_kinds(instance: Instance, remarks: list[Remark]) -> None:
    """Places where values of several kinds come up, and records that had to become dictionaries; once a line."""
    told: set[tuple[str, int]] = set()
    for block in instance.function.blocks:
        if block not in instance.live:
            continue
        where_paths_meet = [(param, block.ops[0]) for param in block.params]
        for value, op in [*where_paths_meet, *((op.results[0], op) for op in block.ops if op.results)]:
            kind = _kind(instance.type_of(value))
            if kind is not None and op.loc is not None and (kind, op.loc.line) not in told:
                told.add((kind, op.loc.line))
                text = _text(kind, value, instance)
                remarks.append(Remark(kind, op.loc, text, instance.function.source_name, STEP))


def _kind(type_: Ty) -> str | None:
    if isinstance(type_, Union):
        return "boxed"
    return "dictionary" if isinstance(type_, Record) and type_.cell.fields is None else None


def _text(kind: str, value: Value, instance: Instance) -> str:
    if kind == "dictionary":
        return "a record with computed, added or differing keys: a dictionary"
    reasons = _sources(value, instance) if value.op is None else _makers(value.op, instance)
    text = f"a value of several kinds: {show(instance.type_of(value))}"
    return f"{text} ({', '.join(reasons)})" if 0 < len(reasons) <= _MOST_SOURCES else text


def _sources(param: Value, instance: Instance) -> list[str]:
    """Which kind comes from where, for a value that is one thing or another as the program went."""
    home: Block = param.block
    index = home.params.index(param)
    found: dict[str, None] = {}
    for block in instance.function.blocks:
        for target in block.terminator.targets if block in instance.live else ():
            if target.block is home:
                arrived = target.args[index]
                place = arrived.op.loc if arrived.op is not None else block.terminator.loc
                if place is not None:
                    found[f"{show(instance.type_of(arrived))} from line {place.line}"] = None
    return list(found)


def _makers(op: Op, instance: Instance) -> list[str]:
    """Which functions give the value, if a call does."""
    names = {callee.function.source_name: None for _, callee in instance.calls_at(op)}
    return [f"given by {name}" for name in names if not name.startswith("__")]
