"""The meaning of an acyclic function as z3 terms, to prove that a pass keeps it for every argument.

    prove_same(before, after)        AssertionError with arguments for which the two differ

Terms come from the op table, as those of the rule prover. Where ways meet, parameters become `If` terms; a way that ends in
a panic or a trap is numbered by its message and place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import z3
from rule_prover import NotProvable, literal_term, trap_condition
from wasmlathe.ir.core import Block, Function, Op, Value
from wasmlathe.passes.analysis.cfg import cfg

WIDTH = {"i32": 32, "i64": 64}
TIMEOUT_MS = 20_000


class Undecided(Exception):
    """z3 gave up."""


@dataclass
class Panics:
    """The numbers of ways to panic, shared by the functions that are compared; 0 is for returning."""

    numbers: dict[Any, int] = field(default_factory=dict)

    def number(self, message: str, op: Op) -> Any:
        return z3.BitVecVal(self.numbers.setdefault((message, op.loc), len(self.numbers) + 1), 16)


@dataclass
class Meaning:
    """How the function ends (0: it returns), and its results if it does."""

    ending: Any
    results: list[Any]


def symbol(name: str, sort: str) -> Any:
    return z3.Bool(name) if sort == "bool" else z3.BitVec(name, WIDTH[sort])


def meaning(function: Function, arguments: list[Any], panics: Panics) -> Meaning:
    """Raises NotProvable for loops, memory, calls, and ops without a z3 meaning."""
    graph = cfg(function)
    known: dict[Value, Any] = dict(zip(function.params, arguments, strict=True))
    arriving: dict[Block, list[tuple[Any, list[Any]]]] = {function.entry: [(z3.BoolVal(True), [])]}
    endings: list[tuple[Any, Any, list[Any]]] = []
    for block in graph.order:
        ways = arriving.get(block, [])
        if len(ways) != max(len(graph.edges_into[block]), 1):
            raise NotProvable("a loop")
        reached = z3.Or([condition for condition, _ in ways])
        if block is not function.entry:
            for index, param in enumerate(block.params):
                known[param] = _merged([(condition, given[index]) for condition, given in ways])
        reached = _run(block, known, reached, endings, panics)
        _leave(block.terminator, known, reached, arriving, endings, panics)
    ending, results = z3.BitVecVal(0, 16), [_zero(type_.name) for type_ in function.results]
    for condition, number, given in endings:
        ending = z3.If(condition, number, ending)
        if given:
            results = [z3.If(condition, x, r) for x, r in zip(given, results, strict=True)]
    return Meaning(ending, results)


def _merged(ways: list[tuple[Any, Any]]) -> Any:
    value = ways[-1][1]
    for condition, other in ways[:-1]:
        value = z3.If(condition, other, value)
    return value


def _zero(sort: str) -> Any:
    return z3.BoolVal(False) if sort == "bool" else z3.BitVecVal(0, WIDTH[sort])


def _run(block: Block, known: dict[Value, Any], reached: Any, endings: list[Any], panics: Panics) -> Any:
    """The ops of a block; the condition under which its end is reached."""
    for op in block.ops[:-1]:
        row = op.row
        if row.name.endswith(".const"):
            known[op.result] = literal_term(op.attrs["value"], op.result.type.name)
            continue
        if row.smt is None or any(v.type.name == "f64" for v in (*op.operands, *op.results)):
            raise NotProvable(row.name)
        given = [known[v] for v in op.operands]
        if row.effects:
            by_zero = given[1] == 0
            is_trap = trap_condition(row.name, *given)
            endings.append((z3.And(reached, by_zero), panics.number("division by zero", op), []))
            overflows = z3.And(reached, is_trap, z3.Not(by_zero))
            endings.append((overflows, panics.number("integer overflow", op), []))
            reached = z3.And(reached, z3.Not(is_trap))
        known[op.result] = row.smt(z3, *given)
    return reached


def _leave(
    end: Op, known: dict[Value, Any], reached: Any, arriving: dict[Block, Any], endings: list[Any], panics: Panics
) -> None:
    conditions: list[Any]
    match end.row.name:
        case "ret":
            endings.append((reached, z3.BitVecVal(0, 16), [known[v] for v in end.operands]))
            return
        case "panic":
            endings.append((reached, panics.number(end.attrs["message"], end), []))
            return
        case "br":
            conditions = [z3.BoolVal(True)]
        case "cond_br":
            condition = known[end.operands[0]]
            conditions = [condition, z3.Not(condition)]
        case "switch":
            number = known[end.operands[0]]
            conditions = [number == case for case in end.attrs["cases"]]
            conditions.append(z3.Not(z3.Or(conditions)))
        case name:
            raise NotProvable(name)
    for condition, target in zip(conditions, end.targets, strict=True):
        way = (z3.And(reached, condition), [known[v] for v in target.args])
        arriving.setdefault(target.block, []).append(way)


def prove_same(before: Function, after: Function) -> None:
    """Prove that two functions of the same signature give the same for all arguments. Raises AssertionError, Undecided."""
    arguments = [symbol(f"a{index}", type_.name) for index, type_ in enumerate(before.param_types)]
    panics = Panics()
    one, other = (meaning(function, arguments, panics) for function in (before, after))
    solver = z3.SolverFor("QF_BV")
    solver.set("timeout", TIMEOUT_MS)
    same = [x == y for x, y in zip(one.results, other.results, strict=True)]
    solver.add(z3.Not(z3.And(one.ending == other.ending, z3.Or(one.ending != 0, *([z3.And(same)] if same else [])))))
    answer = solver.check()
    if answer == z3.unknown:
        raise Undecided(before.name)
    assert answer == z3.unsat, f"@{before.name} differs for {solver.model()}"
