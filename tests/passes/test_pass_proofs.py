"""What passes know of numbers without a rule that says it: proved with z3 through what they make of examples.

A pass is run over a function, and z3 proves that it gives the same for every argument; or its tables are proved.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
import z3
from pass_harness import pass_named, read_module, run_pass
from rule_prover import NotProvable, literal_term
from symbolic import Undecided, prove_same, symbol
from wasmlathe.ir.clone import clone_module
from wasmlathe.ir.core import Module
from wasmlathe.ir.ops import TABLE, row_named
from wasmlathe.ir.print import print as ir_text
from wasmlathe.passes import narrow
from wasmlathe.passes.accumulate import IDENTITIES
from wasmlathe.passes.analysis import bounds

HEAD = "func @f(%x: i64, %y: i64) -> i64 {\n^entry:\n"


def proves(name: str, text: str, options: dict[str, str] | None = None) -> None:
    """The pass changes the function, and z3 proves that nobody can tell."""
    before = read_module(text, "proof")
    after = clone_module(before)
    run_pass(pass_named(name), after, options or {})
    assert ir_text(after) != ir_text(before), "the pass does nothing here"
    prove_same(before.functions["f"], after.functions["f"])


def body(*lines: str) -> str:
    return HEAD + "".join(f"  {line}\n" for line in lines) + "}\n"


# --- the op table -----------------------------------------------------------------------------------------------------

COMMUTATIVE = [row for row in TABLE.values() if row.commutative and row.smt and "f64" not in row.operands]


@pytest.mark.parametrize("row", COMMUTATIVE, ids=lambda row: row.name)
def test_what_commutes_according_to_its_row_does(row) -> None:  # type: ignore[no-untyped-def]
    x, y = symbol("x", row.operands[0]), symbol("y", row.operands[0])
    _holds(row.smt(z3, x, y) == row.smt(z3, y, x))


def _holds(claim: object) -> None:
    solver = z3.Solver()
    solver.set("timeout", 20_000)
    solver.add(z3.Not(claim))
    assert solver.check() == z3.unsat, solver.model()


@pytest.mark.parametrize("name", IDENTITIES)
def test_accumulated_ops_are_associative_with_their_identity(name: str) -> None:
    row, sort = row_named(name), name.partition(".")[0]
    x, y, z = (symbol(v, sort) for v in "xyz")
    op = lambda a, b: row.smt(z3, a, b)
    if not name.endswith("mul"):  # for bit vectors z3 takes long to find what holds in every ring
        _holds(op(op(x, y), z) == op(x, op(y, z)))
    _holds(op(x, y) == op(y, x))
    _holds(op(x, literal_term(IDENTITIES[name], sort)) == x)


# --- narrow -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", narrow._LOW)
def test_the_low_half_of_an_op_is_the_op_on_the_low_halves(name: str) -> None:
    x, y = symbol("x", "i64"), symbol("y", "i64")
    low = lambda a: z3.Extract(31, 0, a)
    wide = low(row_named(name).smt(z3, x, y))
    _holds(wide == row_named(narrow._LOW[name]).smt(z3, low(x), low(y)))


@pytest.mark.parametrize("bits", range(1, 32))
@pytest.mark.parametrize("right", ["shr_u", "shr_s"])
def test_a_rotation_in_32_bits(bits: int, right: str) -> None:
    proves(
        "narrow",
        body(
            "%m: i64 = i64.const 4294967295",
            "%v: i64 = i64.and %x, %m",
            f"%d: i64 = i64.const {bits}",
            f"%u: i64 = i64.const {32 - bits}",
            f"%a: i64 = i64.{right} %v, %d",
            "%b: i64 = i64.shl %v, %u",
            "%c: i64 = i64.or %a, %b",
            "%s: i64 = i64.add %c, %y",
            "%e: i64 = i64.shl %y, %d",
            "%g: i64 = i64.xor %s, %e",
            "%h: i64 = i64.sub %g, %a",
            "%r: i64 = i64.and %h, %m",
            "ret %r",
        ),
    )


# --- divisions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", ["div_s", "rem_s"])
@pytest.mark.parametrize("divisor", [1, 2, 3, 7, 8, 10, 100, 2**31, 2**62])
def test_a_number_that_is_not_negative_is_divided_as_an_unsigned_one(op: str, divisor: int) -> None:
    proves(
        "unsigned",
        body(
            "%w: i32 = i32.wrap_i64 %x",
            "%n: i64 = i64.extend_i32_u %w",
            f"%d: i64 = i64.const {divisor}",
            f"%r: i64 = i64.{op} %n, %d",
            "ret %r",
        ),
    )


# --- chains of comparisons --------------------------------------------------------------------------------------------


def chain(results: dict[int, int], default: int) -> str:
    """if x == n then its result, for each n, else the default."""
    lines = [HEAD.rstrip()]
    for index, (number, result) in enumerate(results.items()):
        lines += [
            f"  %n{index}: i64 = i64.const {number}",
            f"  %c{index}: bool = i64.eq %x, %n{index}",
            f"  %r{index}: i64 = i64.const {result}",
            f"  cond_br %c{index}, ^end(%r{index}), ^b{index}",
            f"^b{index}:",
        ]
    lines += [f"  %d: i64 = i64.const {default}", "  br ^end(%d)", "^end(%r: i64):", "  ret %r", "}"]
    return "\n".join(lines) + "\n"


TABLES = (
    {0: 10, 1: 12, 2: 14, 3: 16},
    {5: 3, 6: 0, 7: 1, 8: 2},
    {-2: 1, -1: 0, 0: 1, 1: 1, 2: 0},
    {2**63 - 4: 7, 2**63 - 3: 1, 2**63 - 2: 2, 2**63 - 1: 3},
    {-(2**63): 4, -(2**63) + 1: 5, -(2**63) + 2: 6, -(2**63) + 3: 7},
    {0: 0, 1: 2**62, 2: -(2**63), 3: -(2**62)},
    {1: 9, 2: 8, 4: 7, 5: 6, 7: 5},
    {3: 255, 4: 0, 5: 255, 6: 1},
)


@pytest.mark.parametrize("table", TABLES, ids=str)
@pytest.mark.parametrize("default", [0, 9])
def test_a_table_in_a_number(table: dict[int, int], default: int) -> None:
    proves("match-table", chain(table, default))


SETS = (
    (3, 4, 5),
    (97, 101, 105, 111, 117),
    (-2, -1, 0, 1),
    (2**63 - 3, 2**63 - 2, 2**63 - 1),
    (-(2**63), -(2**63) + 1, -(2**63) + 2),
    (0, 1, 2, 3, 63),
    (1, 5, 9, 64),
)


@pytest.mark.parametrize("numbers", SETS, ids=str)
def test_whether_a_number_is_one_of_a_set(numbers: tuple[int, ...]) -> None:
    lines = []
    for index, number in enumerate(numbers):
        lines += [f"%n{index}: i64 = i64.const {number}", f"%c{index}: bool = i64.eq %x, %n{index}"]
    ored = "%c0"
    for index in range(1, len(numbers)):
        lines.append(f"%o{index}: bool = bool.or {ored}, %c{index}")
        ored = f"%o{index}"
    proves("switch-lowering", body(*lines, f"%r: i64 = i64.from_bool {ored}", "ret %r"))


@pytest.mark.parametrize("numbers", SETS, ids=str)
def test_a_chain_that_leads_to_one_place(numbers: tuple[int, ...]) -> None:
    text = chain(dict.fromkeys(numbers, 1), 0)
    for index in range(len(numbers)):
        text = text.replace(f"^end(%r{index})", "^end(%y)")
    proves("switch-lowering", text)


def test_a_chain_that_becomes_a_switch() -> None:
    proves("switch-lowering", chain({n: n % 5 for n in range(3, 15)}, 9))


# --- loops ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("distance", [1, 4, 16 * 3, 2**32 * 16])
@pytest.mark.parametrize("slack", [0, 1])
def test_that_many_turns_are_left(distance: int, slack: int) -> None:
    """What `unroll` asks before it takes several turns: for a counter within its bound, none of them wraps around."""
    bound, at = symbol("bound", "i64"), symbol("at", "i64")
    within = at <= bound if slack else at < bound
    is_far = z3.UGT(bound - at, distance - slack)
    after = at + distance
    goes_on = z3.And(after > at, after <= bound if slack else after < bound)
    _holds(z3.Implies(within, is_far == goes_on))


def test_a_constant_moves_from_an_address_to_the_offset() -> None:
    """`fold-offsets`: an address that is at least the constant does not wrap around without it."""
    address, constant = symbol("address", "i32"), symbol("constant", "i32")
    wide = lambda a: z3.ZeroExt(32, a)
    _holds(z3.Implies(z3.UGE(address, constant), wide(address - constant) + wide(constant) == wide(address)))


# --- ranges -----------------------------------------------------------------------------------------------------------

RANGE_CASES = [
    (name, operand, constant)
    for name in ("and", "shr_u", "shr_s", "rem_u", "rem_s", "div_s")
    for operand in ("%x", "%small", "%signed")
    for constant in (0, 1, 7, 64, 2**40, 2**63 - 1)
    if constant or not name.startswith(("rem", "div"))
]


@pytest.mark.parametrize(("name", "operand", "constant"), RANGE_CASES)
def test_the_range_of_an_op_with_a_constant(name: str, operand: str, constant: int) -> None:
    """What `bounds` says an op can give holds for every operand in its range."""
    module = read_module(
        body(
            "%w: i32 = i32.wrap_i64 %y",
            "%small: i64 = i64.extend_i32_u %w",
            "%signed: i64 = i64.extend_i32_s %w",
            f"%c: i64 = i64.const {constant}",
            f"%r: i64 = i64.{name} {operand}, %c",
            "ret %r",
        ),
        "range",
    )
    op = next(op for op in module.functions["f"].ops() if op.row.name == f"i64.{name}")
    (low, high), (least, greatest) = bounds._range(op.operands[0]), bounds._range(op.result)
    x = symbol("x", "i64")
    result = op.row.smt(z3, x, literal_term(constant, "i64"))  # type: ignore[misc]
    _holds(z3.Implies(z3.And(x >= low, x <= high), z3.And(result >= least, result <= greatest)))


# --- whole functions --------------------------------------------------------------------------------------------------

PROVED = (
    "const-fold", "rewrite", "dce", "simplify-cfg", "gvn", "index-range", "index-signs", "narrow", "match-table",
    "switch-lowering", "unsigned", "strength-reduce", "merge-params", "tail-merge",
)  # fmt: skip


def functions(count: int) -> Iterator[Module]:
    """Random functions without loops, memory and calls, of integers only."""
    for seed in range(count):
        yield read_module(_Writer(random.Random(seed)).text(), f"proof {seed}")


class _Writer:
    """Writes `@f`, of i64 alone, as a row of ops, tests and small branches."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.lines: list[str] = [HEAD.rstrip()]
        self.values = ["%x", "%y"]
        self.count = 0

    def text(self) -> str:
        for _ in range(self.rng.randint(3, 7)):
            self.rng.choice((self.op, self.op, self.op, self.choose, self.guard))()
        return "\n".join([*self.lines, f"  ret {self.values[-1]}", "}"]) + "\n"

    def name(self, sigil: str = "%v") -> str:
        self.count += 1
        return f"{sigil}{self.count}"

    def emit(self, type_: str, text: str) -> str:
        name = self.name()
        self.lines.append(f"  {name}: {type_} = {text}")
        return name

    def constant(self) -> str:
        return self.emit(
            "i64", f"i64.const {self.rng.choice((0, 1, -1, 2, 3, 7, 8, 31, 63, 255, 2**32 - 1, 2**63 - 1))}"
        )

    def value(self) -> str:
        return self.rng.choice(self.values) if self.rng.random() < 0.7 else self.constant()

    def op(self) -> None:
        name = self.rng.choice(("add", "sub", "and", "or", "xor", "shl", "shr_s", "shr_u", "rotl", "rem_u", "div_s"))
        if name in ("rem_u", "div_s"):  # proofs of other divisions take long
            right = self.emit("i64", f"i64.const {self.rng.choice((1, 2, 8, 64))}")
        else:
            right = self.value() if name in ("add", "sub", "and", "or", "xor") else self.constant()
        self.values.append(self.emit("i64", f"i64.{name} {self.value()}, {right}"))

    def condition(self) -> str:
        name = self.rng.choice(("lt_s", "le_s", "gt_s", "ge_s", "lt_u", "le_u", "gt_u", "ge_u", "eq", "ne"))
        return self.emit("bool", f"i64.{name} {self.value()}, {self.value()}")

    def choose(self) -> None:
        condition = self.condition()
        then, orelse, join, result = self.name("^b"), self.name("^b"), self.name("^b"), self.name()
        self.lines.append(f"  cond_br {condition}, {then}, {orelse}")
        kept = list(self.values)
        for block in (then, orelse):
            self.lines.append(f"{block}:")
            if self.rng.random() < 0.5:
                self.op()
            self.lines.append(f"  br {join}({self.values[-1] if block is then else self.rng.choice(self.values)})")
            self.values = list(kept)
        self.lines.append(f"{join}({result}: i64):")
        self.values.append(result)

    def guard(self) -> None:
        condition, on, bad = self.condition(), self.name("^b"), self.name("^b")
        self.lines += [f"  cond_br {condition}, {on}, {bad}", f"{bad}: cold", '  panic "bad"', f"{on}:"]


@pytest.mark.parametrize("name", PROVED)
def test_a_pass_over_random_functions_is_proved_for_all_arguments(name: str) -> None:
    proved = 0
    for module in functions(20):
        changed = clone_module(module)
        run_pass(pass_named(name), changed, {})
        if ir_text(changed) == ir_text(module):
            continue
        try:
            prove_same(module.functions["f"], changed.functions["f"])
        except (Undecided, NotProvable):
            continue
        proved += 1
    assert proved or name in (
        "narrow",
        "match-table",
        "merge-params",
        "tail-merge",
        "index-signs",
        "switch-lowering",
        "unsigned",
    )
