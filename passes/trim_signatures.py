"""Parameters and results that the whole program has no use for: constants, what nobody reads, what is passed through.

    func @f(%x, %step, %unused) -> (i64, i64) { .. ret %a, %x }         func @f(%x) -> i64 { %step = i64.const 1; .. ret %a }
    %a, %b = call @f %n, %one, %m  (and all others alike)         =>      %a = call @f %n        (and %n for %b)

All calls are known, as there are no calls through tables, so a function that is not exported has the parameters that its
callers need it to have. A parameter is constant if every call passes the same constant; recursive calls that pass it on
do not count against it. A result is not needed if no call uses it but to return it as a result that is not needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..ir.core import Function, Module, Op, Value, resolve
from ..pipeline.spec import PassContext, PassSpec
from .analysis.fixed import has_fixed_signature, is_shared
from .const_fold import constant_of, is_same, make_const


class _Slot(NamedTuple):
    """A parameter or result of a function, by its position."""

    function: Function
    number: int


#: The lattice of parameters: absent (no call seen), a constant, _VARIES.
_VARIES = object()


@dataclass(slots=True)
class _Calls:
    """The functions whose signature may change, and every call of them."""

    sites: dict[Function, list[Op]] = field(default_factory=dict)

    def slot_of(self, value: Value) -> _Slot | None:
        """The parameter that `value` is, if it is one of such a function."""
        owner = value.owner
        if isinstance(owner, Op) or owner is not owner.function.entry or owner.function not in self.sites:
            return None
        return _Slot(owner.function, owner.params.index(value))

    def callee(self, op: Op) -> Function | None:
        function = op.block.function.module.functions.get(op.attrs.get("callee", ""))
        return function if function in self.sites else None


def run(module: Module, ctx: PassContext) -> bool:
    """Trim the signatures of the functions of `module`; True if there was anything to trim."""
    calls, with_shared = (_find_calls(module, fixed) for fixed in (has_fixed_signature, _is_fixed_for_all))
    changed = _propagate_constants(calls, ctx)
    changed |= _propagate_results(with_shared)
    changed |= _drop_results(calls, ctx)
    return _drop_params(with_shared, ctx) or changed


def _is_fixed_for_all(function: Function) -> bool:
    """True if the parameters that a function does not read stay as well.

    What of its own parameters a shared function reads, and what it returns, is the same in every program.
    """
    return has_fixed_signature(function) and not is_shared(function)


def _find_calls(module: Module, is_fixed: Callable[[Function], bool]) -> _Calls:
    """Functions that hosts or the runtime call stay as they are, and so do those that other ops than `call` name."""
    open_: dict[Function, list[Op]] = {f: [] for f in module.functions.values() if f.blocks and not is_fixed(f)}
    for function in module.functions.values():
        for op in function.ops():
            callee = module.functions.get(op.attrs.get("callee", ""))
            if callee in open_:
                if op.row.name == "call":
                    open_[callee].append(op)
                else:
                    del open_[callee]
    return _Calls({function: sites for function, sites in open_.items() if sites or is_shared(function)})


def _used_in(functions: Iterable[Function]) -> set[Value]:
    return {value for function in functions for op in function.ops() for value in op.used_values()}


def _returns(function: Function) -> Iterator[Op]:
    return (block.terminator for block in function.blocks if block.terminator.row.name == "ret")


# Constants.


def _propagate_constants(calls: _Calls, ctx: PassContext) -> bool:
    """Put constants in the place of the parameters that are always the same."""
    used = _used_in(calls.sites)
    instead: dict[Function, dict[Value, Value]] = {}
    for slot, constant in _constant_params(calls).items():
        function, param = slot.function, slot.function.params[slot.number]
        if constant is _VARIES or param not in used:
            continue
        op = make_const(param.type, constant, function.loc)
        op.result.name = param.name
        function.entry.insert(0, op)
        instead.setdefault(function, {})[param] = op.result
        text = f"{function.source_name}: '{param.name}' is always {_shown(constant)}"
        ctx.remark("trimmed", function.loc, text, function)
    return _replace(instead)


def _constant_params(calls: _Calls) -> dict[_Slot, Any]:
    known: dict[_Slot, Any] = {}
    pending = list(calls.sites)
    while pending:
        function = pending.pop()
        before = [known.get(_Slot(function, i)) for i in range(len(function.params))]
        for call in calls.sites[function]:
            for index, value in enumerate(call.operands):
                _join(known, _Slot(function, index), _known_of(value, calls, known))
        after = [known.get(_Slot(function, i)) for i in range(len(function.params))]
        if any(x is not y for x, y in zip(before, after, strict=True)):
            pending += {callee: None for op in function.ops() if (callee := calls.callee(op)) is not None}
    return known


def _known_of(value: Value, calls: _Calls, known: dict[_Slot, Any]) -> Any:
    """What is known of an argument; None if it is a parameter that no call was seen for yet."""
    constant = constant_of(value)
    if constant is not None:
        return constant
    slot = calls.slot_of(value)
    return _VARIES if slot is None else known.get(slot)


def _join(known: dict[_Slot, Any], slot: _Slot, new: Any) -> None:
    old = known.get(slot)
    if new is None or old is _VARIES:
        return
    if old is None:
        known[slot] = new
    elif new is _VARIES or not is_same(old, new):
        known[slot] = _VARIES


# Results.


def _propagate_results(calls: _Calls) -> bool:
    """Put constants and arguments in the place of the results that are always these."""
    used = _used_in({call.block.function: None for sites in calls.sites.values() for call in sites})
    instead: dict[Function, dict[Value, Value]] = {}
    for function, sites in calls.sites.items():
        returned = [[ret.operands[i] for ret in _returns(function)] for i in range(len(function.results))]
        for index, values in enumerate(returned):
            constant, param = _only_constant(values), _only_param(function, values)
            if constant is None and param is None:
                continue
            for call in sites:
                if call.results[index] in used:
                    mapping = instead.setdefault(call.block.function, {})
                    _map_result(call, index, constant, param, mapping)
    return _replace(instead)


def _only_constant(values: list[Value]) -> Any:
    constants = [constant_of(value) for value in values]
    alike = constants and all(c is not None and is_same(c, constants[0]) for c in constants)
    return constants[0] if alike else None


def _only_param(function: Function, values: list[Value]) -> int | None:
    alike = values and all(value is values[0] for value in values)
    return function.params.index(values[0]) if alike and values[0] in function.params else None


def _map_result(call: Op, index: int, constant: Any, param: int | None, mapping: dict[Value, Value]) -> None:
    """Let the uses of a result see what it is known to be."""
    result = call.results[index]
    if param is None:
        op = make_const(result.type, constant, call.loc)
        call.block.insert(call.block.ops.index(call) + 1, op)
        mapping[result] = op.result
    elif resolve(mapping, call.operands[param]) is not result:  # as it may be in code that is never reached
        mapping[result] = call.operands[param]


def _replace(instead: dict[Function, dict[Value, Value]]) -> bool:
    for function, mapping in instead.items():
        function.replace_uses(mapping)
    return any(instead.values())


# Removal.


def _drop_results(calls: _Calls, ctx: PassContext) -> bool:
    needed = _needed(_uses_of_results(calls))
    changed = False
    for function, sites in calls.sites.items():
        kept = [i for i in range(len(function.results)) if _Slot(function, i) in needed]
        if len(kept) == len(function.results):
            continue
        ctx.remark("trimmed", function.loc, f"{function.source_name}: nobody uses one of its results", function)
        function.results = tuple(function.results[i] for i in kept)
        for ret in _returns(function):
            ret.operands = [ret.operands[i] for i in kept]
        for call in sites:
            call.results = [call.results[i] for i in kept]
        changed = True
    return changed


def _uses_of_results(calls: _Calls) -> dict[_Slot, list[_Slot | None]]:
    """For each result, the results that it is returned as; None for any other use."""
    found: dict[_Slot, list[_Slot | None]] = {_Slot(f, i): [] for f in calls.sites for i in range(len(f.results))}
    slots = {v: _Slot(f, i) for f, sites in calls.sites.items() for call in sites for i, v in enumerate(call.results)}
    for function in {call.block.function: None for sites in calls.sites.values() for call in sites}:
        for op in function.ops():
            returns = op.row.name == "ret" and function in calls.sites
            for index, value in enumerate(op.used_values()):
                if value in slots:
                    found[slots[value]].append(_Slot(function, index) if returns else None)
    return found


def _drop_params(calls: _Calls, ctx: PassContext) -> bool:
    needed = _needed(_uses_of_params(calls))
    changed = False
    for function, sites in calls.sites.items():
        kept = [i for i in range(len(function.params)) if _Slot(function, i) in needed]
        if len(kept) == len(function.params):
            continue
        for index, param in enumerate(function.params):
            if index not in kept:
                ctx.remark("trimmed", function.loc, f"{function.source_name}: '{param.name}' is not needed", function)
        function.entry.params = [function.params[i] for i in kept]
        function.param_types = [function.param_types[i] for i in kept]
        for call in sites:
            call.operands = [call.operands[i] for i in kept]
        changed = True
    return changed


def _uses_of_params(calls: _Calls) -> dict[_Slot, list[_Slot | None]]:
    """For each parameter, the parameters that it is passed on as; None for any other use."""
    found: dict[_Slot, list[_Slot | None]] = {}
    for function in calls.sites:
        slots = {param: _Slot(function, i) for i, param in enumerate(function.params)}
        found.update((slot, []) for slot in slots.values())
        for op in function.ops():
            callee = calls.callee(op)
            for index, value in enumerate(op.used_values()):
                if value in slots:
                    found[slots[value]].append(None if callee is None else _Slot(callee, index))
    return found


def _needed(uses_: dict[_Slot, list[_Slot | None]]) -> set[_Slot]:
    """The slots with a use of their own, and those that are used as these."""
    feeds: dict[_Slot, list[_Slot]] = {}
    pending = []
    for slot, seen in uses_.items():
        for use in seen:
            if use is None:
                pending.append(slot)
            else:
                feeds.setdefault(use, []).append(slot)
    needed: set[_Slot] = set()
    while pending:
        slot = pending.pop()
        if slot not in needed:
            needed.add(slot)
            pending += feeds.get(slot, ())
    return needed


def _shown(constant: Any) -> str:
    return str(constant).lower() if isinstance(constant, bool) else str(constant)


SPEC = PassSpec(
    "trim-signatures",
    "mem",
    run,
    "Remove parameters and results that are constant, passed through, or used by nobody, across the program.",
    scope="module",
)
