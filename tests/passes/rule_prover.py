"""Proofs and tests of rewrite rules: both sides as z3 terms made of the `smt` column, and on values by `eval`."""

from __future__ import annotations

import functools
import itertools
import math
import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import z3
from wasmlathe.ir import types as t
from wasmlathe.ir.ops import Trap
from wasmlathe.ir.ops.numeric import bits_of_f64
from wasmlathe.passes.const_fold import _CONVERT
from wasmlathe.passes.rules import Const, Lit, Node, Rule, Var

WIDTH = {"i32": 32, "i64": 64}
#: Proofs of one rule with concrete constants; more would not find more.
MAX_INSTANCES = 70


class NotProvable(Exception):
    """A side has an op without a z3 meaning."""


# Sorts.


def sorts(rule: Rule) -> dict[str, str]:
    """The type of each variable and constant of a rule; a type variable that nothing binds is i64."""
    found: dict[str, str] = {}
    for _ in range(2):  # what `select` chooses between may be known from elsewhere
        _collect(rule.pattern, found)
    for name in names(rule.pattern):
        found.setdefault(name, "i64")
    return found


def _collect(pattern: Node, found: dict[str, str]) -> None:
    row = pattern.row
    free = next((s for a, p in zip(pattern.args, row.operands, strict=True) if p == "T" and (s := _sort(a, found))), "")
    for arg, operand in zip(pattern.args, row.operands, strict=True):
        sort = free if operand == "T" else operand
        if isinstance(arg, (Var, Const)) and sort:
            found[arg.name] = sort
        elif isinstance(arg, Node):
            _collect(arg, found)


def _sort(pattern: Any, found: dict[str, str]) -> str | None:
    if isinstance(pattern, Lit):
        return pattern.type_name
    if isinstance(pattern, (Var, Const)):
        return found.get(pattern.name)
    result = pattern.row.results[0]
    if result != "T":
        return result
    return next((s for a in pattern.args[1:] if (s := _sort(a, found))), None)


def is_float(rule: Rule) -> bool:
    """True for rules with doubles in them: z3 may not be able to prove them, and they are tested on every pair of values."""
    return "f64." in f"{rule.pattern}"


def result_sort(rule: Rule) -> str:
    return _sort(rule.pattern, sorts(rule)) or "i64"


def names(pattern: Any) -> list[str]:
    """Names of variables and constants, each once."""
    if isinstance(pattern, (Var, Const)):
        return [pattern.name]
    if isinstance(pattern, Node):
        return list(dict.fromkeys(n for a in pattern.args for n in names(a)))
    return []


def constants(pattern: Any) -> list[str]:
    if isinstance(pattern, Const):
        return [pattern.name]
    if isinstance(pattern, Node):
        return list(dict.fromkeys(n for a in pattern.args for n in constants(a)))
    return []


# Terms.


def _symbol(name: str, sort: str) -> Any:
    if sort == "bool":
        return z3.Bool(name)
    return z3.FP(name, z3.Float64()) if sort == "f64" else z3.BitVec(name, WIDTH[sort])


def literal_term(value: Any, sort: str) -> Any:
    """The term of a Python value; terms stay as they are."""
    if isinstance(value, z3.ExprRef):
        return value
    if sort == "bool":
        return z3.BoolVal(bool(value))
    if sort == "f64":
        return z3.fpBVToFP(z3.BitVecVal(bits_of_f64(float(value)), 64), z3.Float64())
    return z3.BitVecVal(value, WIDTH[sort])


def term(pattern: Any, known: dict[str, Any], traps: list[Any], sort: str) -> Any:
    """The z3 term of a pattern; conditions under which its ops trap are added to `traps`, the root's last."""
    if isinstance(pattern, (Var, Const)):
        return known[pattern.name]
    if isinstance(pattern, Lit):
        return literal_term(pattern.value, pattern.type_name)
    if not isinstance(pattern, Node):
        return literal_term(pattern, sort)
    if pattern.row.smt is None:
        raise NotProvable(pattern.name)
    args = [term(a, known, traps, sort) for a in pattern.args]
    if pattern.row.effects:
        traps.append(trap_condition(pattern.name, *args))
    return pattern.row.smt(z3, *args)


def trap_condition(name: str, a: Any, b: Any) -> Any:
    """When an integer division traps."""
    overflow = z3.And(b == -1, a == 1 << (a.size() - 1)) if name.endswith("div_s") else z3.BoolVal(False)
    return z3.Or(b == 0, overflow)


def prove(rule: Rule) -> str:
    """How the rule was proved: "symbolic" or "instances". Raises AssertionError, NotProvable, or TimeoutError."""
    try:
        return _prove_symbolic(rule)
    except (z3.Z3Exception, AttributeError, TypeError):
        _prove_instances(rule)  # the replacement or condition needs numbers
        return "instances"


def _prove_symbolic(rule: Rule) -> str:
    if rule.when is not None and rule.assuming is None:
        raise TypeError("the condition is about numbers")
    kinds = sorts(rule)
    known = {name: _symbol(name, kinds[name]) for name in kinds}
    chosen = SimpleNamespace(**{name: known[name] for name in constants(rule.pattern)})
    condition = rule.assuming(z3, chosen) if rule.assuming is not None else z3.BoolVal(True)
    _check(rule, known, rule.right(chosen), condition)
    return "symbolic"


def _prove_instances(rule: Rule) -> None:
    kinds = sorts(rule)
    instances = list(itertools.islice(constant_choices(rule), MAX_INSTANCES))
    assert instances, f"{rule.name}: no constants satisfy its condition"
    for chosen in instances:
        known = {name: _symbol(name, kinds[name]) for name in kinds}
        known |= {name: literal_term(value, kinds[name]) for name, value in vars(chosen).items()}
        _check(rule, known, rule.right(chosen), z3.BoolVal(True))


def _check(rule: Rule, known: dict[str, Any], right: Any, condition: Any) -> None:
    sort = result_sort(rule)
    left_traps: list[Any] = []
    right_traps: list[Any] = []
    left_term = term(rule.pattern, known, left_traps, sort)
    right_term = term(right, known, right_traps, sort)
    root_may_trap = bool(rule.pattern.row.effects)
    root_traps = left_traps.pop() if root_may_trap else z3.BoolVal(False)
    solver = z3.SolverFor("QF_FPBV" if is_float(rule) else "QF_BV")
    solver.set("timeout", 4_000 if is_float(rule) else 60_000)
    # What is below the root stays in the program, so it has not trapped when the replacement runs.
    solver.add(condition, z3.Not(z3.Or(left_traps)))
    same = z3.ExprRef.__eq__(left_term, right_term)
    solver.add(z3.Not(z3.And(root_traps == z3.Or(right_traps), z3.Or(root_traps, same))))
    answer = solver.check()
    if answer == z3.unknown:
        raise TimeoutError(rule.name)
    assert answer == z3.unsat, f"{rule.name} is wrong for {solver.model()}"


# Values.


@functools.cache
def special_values(sort: str) -> tuple[Any, ...]:
    if sort == "bool":
        return (False, True)
    if sort == "f64":
        positive = [0.0, 5e-324, 2.2250738585072014e-308, 0.5, 1.0, 1.5, 2.0, 3.0, 2.0**52, 1e300, math.inf]
        positive += [1.7976931348623157e308, 2.0**53 + 2, 0.1, 1e-300]
        return (*positive, *(-x for x in positive), math.nan)
    bits = WIDTH[sort]
    small = [0, 1, 2, 3, 4, 5, 7, 8, 10, 12, 16, 24, 31, 32, 33, 48, 63, 64, 100, 255, 256, 1000, 65535]
    exact = [1 << k for k in range(bits - 1)] + [(1 << k) - 1 for k in range(1, bits)]
    rng = random.Random(bits)
    more = [rng.getrandbits(bits - 1) for _ in range(8)]
    numbers = dict.fromkeys([*small, *(-n for n in small), -(1 << (bits - 1)), *exact, *(-n for n in exact), *more])
    return tuple(n for n in numbers if -(1 << (bits - 1)) <= n < 1 << (bits - 1))


def constant_choices(rule: Rule) -> Iterator[SimpleNamespace]:
    """Constants that satisfy the rule's condition, interesting ones first, in an order that mixes several constants."""
    kinds, wanted = sorts(rule), constants(rule.pattern)
    pools = [list(special_values(kinds[name])) for name in wanted]
    if len(pools) > 1:
        choices = list(itertools.product(*(pool[:90] for pool in pools)))
        random.Random(1).shuffle(choices)
    else:
        choices = list(itertools.product(*pools))
    for values in choices:
        chosen = SimpleNamespace(**dict(zip(wanted, values, strict=True)))
        if rule.when is None or rule.when(chosen):
            yield chosen


def compute(pattern: Any, known: dict[str, Any], sort: str) -> Any:
    """The value of a pattern. Raises Trap."""
    if isinstance(pattern, (Var, Const)):
        return known[pattern.name]
    if isinstance(pattern, Lit):
        return _CONVERT[t.make(pattern.type_name)](pattern.value)
    if not isinstance(pattern, Node):
        return _CONVERT[t.make(sort)](pattern)
    assert pattern.row.eval is not None
    return pattern.row.eval(*(compute(a, known, sort) for a in pattern.args))


def outcome(pattern: Any, known: dict[str, Any], sort: str) -> Any:
    """The value in a form that compares as meant (all NaN alike), or the trap."""
    try:
        value = compute(pattern, known, sort)
    except Trap as trap:
        return trap.message
    if isinstance(value, float):
        return "nan" if math.isnan(value) else bits_of_f64(value)
    return value


def samples(rule: Rule, limit: int) -> Iterator[tuple[SimpleNamespace, dict[str, Any]]]:
    """Constants and values of all variables to test a rule on: every pair of special values for floats."""
    kinds, fixed = sorts(rule), constants(rule.pattern)
    free = [name for name in kinds if name not in fixed]
    rng = random.Random(rule.name)
    combinations = list(itertools.product(*(_pool(kinds[name]) for name in free)))
    for chosen in itertools.islice(constant_choices(rule), 12):
        picked = combinations if len(combinations) <= limit else rng.sample(combinations, limit)
        for values in picked:
            yield chosen, dict(zip(free, values, strict=True)) | vars(chosen)


def _pool(sort: str) -> tuple[Any, ...]:
    values = special_values(sort)
    return values if sort in ("f64", "bool") else values[:30]
