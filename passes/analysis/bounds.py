"""What is known of integers at one point of the program, as differences: a <= b + w.

    i < n, n = extend_i32_u m        =>        i <= n - 1, n <= 0 + 4294967295, hence i + 1 does not overflow

Values are sums `base + offset` in whole numbers, constants have no base, and a bound follows from a short path of such
facts (Bodik, Gupta, Sarkar, "ABCD: Eliminating Array Bounds Checks on Demand", 2000). A sum counts as one only where it
is known not to wrap around.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

from ...ir import types as t
from ...ir.core import Op, Value
from ...ir.ops.numeric import M32, MIN32, MIN64
from ...lower.layout import MAX_OBJECT_BYTES

#: A value, or None for the number zero.
Base = Value | None

MAX_HOPS = 4
MAX_NODES = 48

_LIMITS = {t.I32: (MIN32, -MIN32 - 1), t.I64: (MIN64, -MIN64 - 1)}
_BITS = {t.I32: 32, t.I64: 64}

#: What the ops give whatever their operands are.
_RANGES = {
    "i64.extend_i32_u": (0, M32),
    "i32.from_bool": (0, 1),
    "i64.from_bool": (0, 1),
    "mem.load8_u": (0, 0xFF),
    "mem.load8_s": (-0x80, 0x7F),
    "mem.load16_u": (0, 0xFFFF),
    "mem.load16_s": (-0x8000, 0x7FFF),
    "i32.extend8_s": (-0x80, 0x7F),
    "i32.extend16_s": (-0x8000, 0x7FFF),
    "i64.extend32_s": (MIN32, -MIN32 - 1),
    "data.array_len": (0, MAX_OBJECT_BYTES),
    "data.array_cap": (0, MAX_OBJECT_BYTES),
    "data.string_len": (0, MAX_OBJECT_BYTES),
    "data.string_bytes": (0, MAX_OBJECT_BYTES),
    "data.string_byte": (0, 0xFF),
} | {f"{ty}.{op}": (0, bits) for ty, bits in (("i32", 32), ("i64", 64)) for op in ("clz", "ctz", "popcnt")}

#: What the runtime keeps in a field of a header, by the field's alias class.
_FIELD_RANGES = {
    name: (0, MAX_OBJECT_BYTES)
    for name in ("array.length", "array.capacity", "string.length", "string.characters", "buffer.used")
}

#: Ops and functions of the runtime that are only survived if the operand of this number is in this range.
_DEMANDS = {"rt-array-new": (0, (0, MAX_OBJECT_BYTES)), "data.array_new": (0, (0, MAX_OBJECT_BYTES))}

#: Comparison: (operands exchanged, the "less" form it is then, negation); see `Bounds.decide`.
_LESS = {"lt": ("lt", False), "le": ("le", False), "gt": ("lt", True), "ge": ("le", True)}


def is_comparison(op: Op) -> bool:
    """True for comparisons of i32 or i64."""
    family, _, name = op.row.name.partition(".")
    return family in ("i32", "i64") and (name in ("eq", "ne") or name[:2] in _LESS and name[2:] in ("_s", "_u"))


class Bounds:
    """Facts that hold where the walk over the dominator tree is; `enter` and `leave` bracket a subtree."""

    __slots__ = ("_scopes", "_up")

    def __init__(self) -> None:
        #: _up[a][b] = w: a <= b + w.
        self._up: dict[Base, dict[Base, int]] = {}
        self._scopes: list[list[tuple[Base, Base, int | None]]] = [[]]

    def enter(self) -> None:
        self._scopes.append([])

    def leave(self) -> None:
        for a, b, before in reversed(self._scopes.pop()):
            if before is None:
                del self._up[a][b]
            else:
                self._up[a][b] = before

    # Facts.

    def add(self, a: Base, b: Base, w: int) -> None:
        """Take in a <= b + w."""
        (base_a, offset_a), (base_b, offset_b) = self.form(a), self.form(b)
        if base_a is base_b:
            return
        self._put(base_a, base_b, offset_b - offset_a + w)

    def _put(self, a: Base, b: Base, w: int) -> None:
        known = self._up.setdefault(a, {})
        before = known.get(b)
        if before is None or w < before:
            known[b] = w
            self._scopes[-1].append((a, b, before))

    def assume(self, condition: Value, truth: bool) -> None:
        """Take in how a comparison came out; other conditions say nothing."""
        for a, b, w in self.meaning(condition, truth):
            self.add(a, b, w)
            for value in (a, b):
                if value is not None:
                    self._open_sum(value)

    def meaning(self, condition: Value, truth: bool) -> Iterable[tuple[Base, Base, int]]:
        """Triples (a, b, w) with a <= b + w that follow from the outcome of a comparison."""
        op = condition.op
        if op is None or not is_comparison(op):
            return ()
        name = op.row.name[4:]
        a, b = op.operands
        if name in ("eq", "ne"):
            return ((a, b, 0), (b, a, 0)) if truth == (name == "eq") else self._different(a, b)
        less, exchanged = _LESS[name[:2]]
        if exchanged:
            a, b = b, a
        if not truth:  # not a < b is b <= a
            a, b, less = b, a, "le" if less == "lt" else "lt"
        if name.endswith("_u"):
            # Below a number that is not negative, unsigned is signed, and the lower one is not negative either.
            if self.lower(b) < 0:
                return ()
            return ((a, b, -(less == "lt")), (None, a, 0))
        return ((a, b, -(less == "lt")),)

    def learn(self, op: Op) -> None:
        """Take in what follows from `op` having been executed: of its result, or of what it demands of its operands."""
        if tells(op):
            _RULES[op.row.name](self, op.results[0], *op.operands)
        elif demands(op):
            number, (low, high) = _DEMANDS[_asked(op)]
            self._keep_within(op.operands[number], low, high)

    def _keep_within(self, value: Value, low: int, high: int) -> None:
        self.add(None, value, -low)
        self.add(value, None, high)
        self._open_sum(value)

    def _open_sum(self, value: Value) -> None:
        """Relate a sum to what the constant was added to, where the bounds of the sum say that nothing wrapped around."""
        step = None if value.op is None else _step(value.op)
        if value.op is None or step is None or self.form(value)[0] is not value:
            return
        least, greatest = _LIMITS[value.type]
        if self._low(value) - step >= least and self._high(value) - step <= greatest:
            below = value.op.operands[0]
            self._put(value, below, step)
            self._put(below, value, -step)

    def _learn_sum(self, result: Value, a: Value, b: Value) -> None:
        least, greatest = _LIMITS[result.type]
        (low_a, high_a), (low_b, high_b) = self._extent(a), self._extent(b)
        if low_a + low_b < least or high_a + high_b > greatest:
            return
        for one, low, high in ((a, low_b, high_b), (b, low_a, high_a)):
            self.add(one, result, -low)
            self.add(result, one, high)

    def _learn_difference(self, result: Value, a: Value, b: Value) -> None:
        least, greatest = _LIMITS[result.type]
        (low_a, high_a), (low_b, high_b) = self._extent(a), self._extent(b)
        if low_a - high_b < least or high_a - low_b > greatest:
            return
        self.add(result, a, -low_b)
        self.add(a, result, high_b)
        self.add(None, result, self._gap(b, a))
        self.add(result, None, self._gap(a, b))

    def _learn_product(self, result: Value, a: Value, b: Value) -> None:
        (low_a, high_a), (low_b, high_b) = self._extent(a), self._extent(b)
        if low_a >= 0 and low_b >= 0 and high_a * high_b <= _LIMITS[result.type][1]:
            self._keep_within(result, low_a * low_b, high_a * high_b)

    def _learn_remainder(self, result: Value, a: Value, b: Value) -> None:
        if self.lower(a) >= 0 and self.lower(b) >= 0:  # by zero it traps
            self.add(None, result, 0)
            self.add(result, b, -1)
            self.add(result, a, 0)

    def _learn_quotient(self, result: Value, a: Value, b: Value) -> None:
        if self.lower(a) >= 0 and self.lower(b) >= 0:
            self.add(None, result, 0)
            self.add(result, a, 0)

    def _extent(self, value: Value) -> tuple[int, int]:
        return self.lower(value), self.upper(value)

    def _gap(self, a: Value, b: Value) -> int:
        """The least known w with a <= b + w."""
        (base_a, offset_a), (base_b, offset_b) = self.form(a), self.form(b)
        return self._distance(base_a, base_b) + offset_a - offset_b

    def _different(self, a: Value, b: Value) -> Iterable[tuple[Base, Base, int]]:
        """At the end of its range a value that is not the bound is beyond it."""
        if self.is_at_most(a, b):
            return ((a, b, -1),)
        return ((b, a, -1),) if self.is_at_most(b, a) else ()

    # Questions.

    def lower(self, value: Value) -> int:
        base, offset = self.form(value)
        return offset - self._distance(None, base)

    def upper(self, value: Value) -> int:
        base, offset = self.form(value)
        return offset + self._distance(base, None)

    def is_at_most(self, a: Base, b: Base, w: int = 0) -> bool:
        """True if a <= b + w is known."""
        (base_a, offset_a), (base_b, offset_b) = self.form(a), self.form(b)
        return self._distance(base_a, base_b) <= offset_b - offset_a + w

    def decide(self, op: Op) -> bool | None:
        """The outcome of a comparison, if it is known."""
        name = op.row.name[4:]
        a, b = op.operands
        if name in ("eq", "ne"):
            if self.is_at_most(a, b, -1) or self.is_at_most(b, a, -1):
                return name == "ne"
            return name == "eq" if self.is_at_most(a, b) and self.is_at_most(b, a) else None
        less, exchanged = _LESS[name[:2]]
        if exchanged:
            a, b = b, a
        strict = -(less == "lt")
        is_signed = name.endswith("_s")
        if (is_signed or self.lower(a) >= 0) and self.is_at_most(a, b, strict):
            return True
        if (is_signed or self.lower(b) >= 0) and self.is_at_most(b, a, -1 - strict):
            return False
        return None

    def form(self, value: Base) -> tuple[Base, int]:
        """`value` as base and offset, equal in whole numbers."""
        offset = 0
        while value is not None and (op := value.op) is not None:
            name = op.row.name
            if name in ("i32.const", "i64.const"):
                return None, offset + op.attrs["value"]
            if name == "i64.extend_i32_s" or (name == "i64.extend_i32_u" and self._low(op.operands[0]) >= 0):
                value = op.operands[0]
                continue
            if name == "i64.extend_i32_u" and (whole := _narrowed(op.operands[0])) is not None:
                if self._low(whole) < 0 or self._high(whole) > M32:
                    break
                value = whole
                continue
            step = _step(op)
            if step is None:
                break
            below, low, high = op.operands[0], *_LIMITS[value.type]
            if self._low(below) + step < low or self._high(below) + step > high:
                break
            value, offset = below, offset + step
        return value, offset

    # Without a base that is a sum: these do not call `form`.

    def _low(self, value: Value) -> int:
        return -self._distance(None, value)

    def _high(self, value: Value) -> int:
        return self._distance(value, None)

    def _distance(self, a: Base, b: Base) -> int:
        """The least known w with a <= b + w."""
        if a is b:
            return 0
        best: dict[Base, int] = {a: 0}
        front = [a]
        for _ in range(MAX_HOPS):
            reached: dict[Base, None] = {}
            for node in front:
                at = best[node]
                for to, weight in self._edges(node, a):
                    if to not in best or at + weight < best[to]:
                        best[to] = at + weight
                        reached[to] = None
            front = list(reached)
            if not front or len(best) > MAX_NODES:
                break
        if b is None:
            return best[None]
        # From anywhere to zero, and from zero to b: there always is this way.
        from_zero = min(-_range(b)[0], self._up.get(None, {}).get(b, -_range(b)[0]))
        return min(best.get(b, best[None] + from_zero), best[None] + from_zero)

    def _edges(self, node: Base, start: Base) -> Iterable[tuple[Base, int]]:
        known = self._up.get(node, {})
        if node is not None:
            yield None, _range(node)[1]
            yield from known.items()
        elif start is None:  # zero has facts about very many values: the latest will do
            yield from itertools.islice(reversed(known.items()), MAX_NODES)


def _step(op: Op) -> int | None:
    """The constant that `op` adds to its first operand."""
    name = op.row.name
    if name not in ("i32.add", "i64.add", "i32.sub", "i64.sub"):
        return None
    constant = _constant(op.operands[1])
    return constant if constant is None or name.endswith("add") else -constant


def _narrowed(value: Value) -> Value | None:
    """The i64 of which `value` is the lower half."""
    op = value.op
    return op.operands[0] if op is not None and op.row.name == "i32.wrap_i64" else None


def _constant(value: Value) -> int | None:
    op = value.op
    return op.attrs["value"] if op is not None and op.row.name in ("i32.const", "i64.const") else None


def _range(value: Value, depth: int = 3) -> tuple[int, int]:
    """The least and greatest number that the defining op can give."""
    whole = _LIMITS.get(value.type, (MIN64, -MIN64 - 1))
    op = value.op
    if op is None:
        return whole
    name = op.row.name
    if name in _RANGES:
        return _RANGES[name]
    if name == "mem.load_i32":
        return _FIELD_RANGES.get(op.attrs.get("alias", ""), whole)
    if not depth or len(op.operands) < 2:
        return (c, c) if (c := _constant(value)) is not None else whole
    if name == "select":
        (low, high), (other_low, other_high) = (_range(v, depth - 1) for v in op.operands[1:])
        return min(low, other_low), max(high, other_high)
    constant = _constant(op.operands[1])
    return whole if constant is None else _range_by_constant(name[4:], op.operands[0], constant, whole, depth)


def _range_by_constant(name: str, value: Value, c: int, whole: tuple[int, int], depth: int) -> tuple[int, int]:
    """The range of ops with a constant right operand."""
    low, high = _range(value, depth - 1)
    match name:
        case "and" if c >= 0:
            return 0, min(c, high) if low >= 0 else c
        case "shr_u" if 0 < c < _BITS[value.type]:
            top = high if low >= 0 else (1 << _BITS[value.type]) - 1
            return 0, top >> c
        case "shr_s" if 0 <= c < _BITS[value.type]:
            return low >> c, high >> c
        case "rem_u" if c > 0:
            return 0, c - 1
        case "rem_s" if c > 0:
            return (0 if low >= 0 else max(low, 1 - c)), min(c - 1, max(high, 0))
        case "div_s" if c > 0 and low >= 0:
            return low // c, high // c
    return whole


_RULES: dict[str, Callable[[Bounds, Value, Value, Value], None]] = {
    "i64.add": Bounds._learn_sum,
    "i64.sub": Bounds._learn_difference,
    "i64.mul": Bounds._learn_product,
    "i64.rem_s": Bounds._learn_remainder,
    "i64.div_s": Bounds._learn_quotient,
}


def tells(op: Op) -> bool:
    """True if `learn` finds bounds of the result: of arithmetic with two values that are no constants."""
    return op.row.name in _RULES and _constant(op.operands[1]) is None


def demands(op: Op) -> bool:
    """True if `learn` finds bounds of an operand."""
    return _asked(op) in _DEMANDS


def _asked(op: Op) -> str:
    callee: str = op.attrs["callee"] if op.row.name == "call" else op.row.name
    return callee
