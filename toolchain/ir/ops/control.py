"""Rows of control flow, calls and module variables: all stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .row import Effects, OpRow, Special

if TYPE_CHECKING:
    from ..core import Op


def _check_switch(op: Op) -> list[str]:
    cases = op.attrs["cases"]
    if len(op.targets) != len(cases) + 1:
        return [
            f"switch has {len(cases)} cases and {len(op.targets)} targets; one more target than cases is the default"
        ]
    return [] if len(set(cases)) == len(cases) else ["switch names a case twice"]


def _check_ret(op: Op) -> list[str]:
    wanted = op.block.function.results
    given = tuple(v.type for v in op.operands)
    return [] if given == wanted else [f"returns {_types(given)}, but the function's result is {_types(wanted)}"]


def _check_call(op: Op) -> list[str]:
    callee = op.block.function.module.functions.get(op.attrs["callee"])
    if callee is None:
        return [f"calls @{op.attrs['callee']}, which the module does not have"]
    given = tuple(v.type for v in op.operands)
    wanted = tuple(callee.param_types)
    if given != wanted:
        return [f"passes {_types(given)} to @{callee.name}, which takes {_types(wanted)}"]
    results = tuple(v.type for v in op.results)
    return (
        [] if results == callee.results else [f"@{callee.name} gives {_types(callee.results)}, not {_types(results)}"]
    )


def _check_global(op: Op) -> list[str]:
    variable = op.block.function.module.globals.get(op.attrs["name"])
    if variable is None:
        return [f"names @{op.attrs['name']}, which is no global of the module"]
    value = op.operands[0] if op.operands else op.results[0]
    return [] if value.type is variable.type else [f"@{variable.name} holds {variable.type}, not {value.type}"]


def _types(types: tuple[object, ...]) -> str:
    return f"({', '.join(map(str, types))})"


ROWS: list[OpRow] = [
    OpRow("br", "Continue at the target.", terminator=True, targets=1, wasm=Special("control")),
    OpRow(
        "cond_br",
        "Continue at the first target if the condition holds, else at the second.",
        ("bool",),
        terminator=True,
        targets=2,
        wasm=Special("control"),
    ),
    OpRow(
        "switch",
        "Continue at the target of the case equal to the operand, else at the last target.",
        ("i64",),
        attrs={"cases": list},
        terminator=True,
        targets=None,
        cost=4,
        wasm=Special("control"),
        check=_check_switch,
    ),
    OpRow("ret", "Return the operands.", ("*",), terminator=True, wasm=Special("control"), check=_check_ret),
    OpRow(
        "unreachable",
        "Never executed: what comes here is an error of the compiler.",
        terminator=True,
        effects=Effects.TRAPS,
        wasm=Special("control"),
    ),
    OpRow(
        "panic",
        "End the program with `message` and the op's location.",
        attrs={"message": str},
        terminator=True,
        effects=Effects.TRAPS,
        wasm=Special("control"),
    ),
    OpRow(
        "panic_text",
        "End the program with the message of b bytes at address a.",
        ("i32", "i32"),
        terminator=True,
        effects=Effects.TRAPS | Effects.READS,
        wasm=Special("control"),
    ),
    OpRow(
        "call",
        "Call the function `callee`.",
        ("*",),
        None,
        {"callee": str},
        effects=Effects.CALLS,
        cost=5,
        wasm=Special("call"),
        check=_check_call,
    ),
    OpRow(
        "kind_seen",
        "A value of the kind `kind` has come to the op's location, for the `use`: nothing happens; `run --count` tells how often.",
        attrs={"use": str, "kind": str},
        effects=Effects.IO,
        cost=0,
        wasm=Special("nothing"),
    ),
    OpRow(
        "kinds_seen",
        "Like `kind_seen` of the kind whose number in `kinds` is the operand.",
        ("i64",),
        attrs={"use": str, "kinds": list},
        effects=Effects.IO,
        cost=0,
        wasm=Special("nothing"),
    ),
    OpRow(
        "global.get",
        "The module variable `name`.",
        (),
        ("T",),
        {"name": str},
        effects=Effects.READS,
        wasm=Special("global_get"),
        check=_check_global,
    ),
    OpRow(
        "global.set",
        "Store into the module variable `name`.",
        ("T",),
        (),
        {"name": str},
        effects=Effects.WRITES,
        wasm=Special("global_set"),
        check=_check_global,
    ),
]
