"""Lowering of patterns: `match`, destructuring, parameters."""

from __future__ import annotations

from wasmlathe.ir.core import Block, Value

from . import syntax as s
from .lower_expressions import ExpressionLowering
from .scopes import Variable

_UNSUPPORTED = {
    "VariantPattern": "variant patterns",
    "TuplePattern": "tuple patterns",
    "RecordPattern": "record patterns",
}


class PatternLowering(ExpressionLowering):
    """Tests of patterns branch to a failure block; what they bind is declared on the way."""

    def match(self, node: s.Match, want: bool) -> Value | None:
        """Arms are tried in order; without a fitting one the value is nil."""
        subject = self.expression(node.subject)
        edges, values = [], []
        falls_through = True
        for arm in node.arms:
            failed = self.new_block("next")
            env = dict(self.env)
            self.test(arm.pattern, subject, failed)
            if arm.guard is not None:
                passed = self.new_block("arm")
                self.condition(arm.guard, passed, failed)
                self.start(passed)
                self.refine(arm.guard, True)
            self._arm(arm.body, want, edges, values)
            self.start(failed, env)
            if arm.guard is None and _fits_everything(arm.pattern):
                falls_through = False
                self.block.name = "dead"
                break
        if falls_through:
            if _covers_bools(node.arms):
                self._leave_bools(subject, node)
            if want:
                values.append(self.nil(node))
            edges.append(self.edge())
        _, result = self.join("endmatch", edges, values if want else None)
        return self.nil(node) if want and result is None else result

    def _leave_bools(self, subject: Value, node: s.Match) -> None:
        """After arms for `true` and `false` go on only if the subject is none of them, which its type tells."""
        done, other = self.new_block("bool"), self.new_block("other")
        self.branch(self.op("truth", node, self.op("is", node, subject, type="Bool")), done, other)
        env = self.env
        self.start(done)
        self.builder.emit("unreachable", (), ())
        self.start(other, env)

    def test(self, pattern: s.Pattern, subject: Value, failed: Block) -> None:
        """Go on if `subject` fits `pattern`, which binds its names; else continue at `failed`."""
        method = getattr(self, "_test_" + type(pattern).__name__, None)
        if method is None:
            self.unsupported(_UNSUPPORTED[type(pattern).__name__], pattern)
        else:
            method(pattern, subject, failed)

    def _require_kind(self, kind: str, pattern: s.Pattern, subject: Value, failed: Block) -> None:
        self._require(self.op("is", pattern, subject, type=kind), pattern, failed)

    def _require(self, holds: Value, node: s.Node, failed: Block) -> None:
        passed = self.new_block("fits")
        self.branch(self.op("truth", node, holds), passed, failed)
        self.start(passed)

    def _test_WildcardPattern(self, pattern: s.WildcardPattern, subject: Value, failed: Block) -> None:
        pass

    def _test_BindPattern(self, pattern: s.BindPattern, subject: Value, failed: Block) -> None:
        variable = self.meaning[pattern]
        assert isinstance(variable, Variable)
        self.declare(variable, subject, pattern)

    def _test_LiteralPattern(self, pattern: s.LiteralPattern, subject: Value, failed: Block) -> None:
        if isinstance(pattern.value, s.NilLit):
            passed = self.new_block("fits")
            self.branch(self.op("is_nil", pattern, subject), passed, failed)
            self.start(passed)
            return
        value = self.expression(pattern.value)
        self._require(self.call("__matches", pattern, subject, value), pattern, failed)

    def _test_RangePattern(self, pattern: s.RangePattern, subject: Value, failed: Block) -> None:
        low, high = self.expression(pattern.low), self.expression(pattern.high)
        inclusive = self.const(pattern.inclusive, pattern)
        self._require(self.call("__in_range", pattern, subject, low, high, inclusive), pattern, failed)

    def _test_PrefixPattern(self, pattern: s.PrefixPattern, subject: Value, failed: Block) -> None:
        self._require_kind("String", pattern, subject, failed)
        prefix = self.const(pattern.prefix, pattern)
        self._require(self.call("startsWith", pattern, subject, prefix), pattern, failed)
        rest = self.call("__after_prefix", pattern, subject, prefix)
        self.test(pattern.rest, rest, failed)

    def _test_ArrayPattern(self, pattern: s.ArrayPattern, subject: Value, failed: Block) -> None:
        self._require_kind("Array", pattern, subject, failed)
        length = self.op("getattr", pattern, subject, name="length")
        wanted = self.const(len(pattern.items), pattern)
        compare = "eq" if pattern.rest is None else "ge"
        self._require(self.op(compare, pattern, length, wanted), pattern, failed)
        for number, item in enumerate(pattern.items):
            if not isinstance(item, s.WildcardPattern):
                self.test(item, self.op("index", item, subject, self.const(number, item)), failed)
        if pattern.rest is not None:
            self.test(pattern.rest, self._rest(pattern, subject), failed)

    def _rest(self, pattern: s.ArrayPattern, subject: Value) -> Value:
        nil = self.nil(pattern)
        return self.op("slice", pattern, subject, self.const(len(pattern.items), pattern), nil, nil)

    def _test_OrPattern(self, pattern: s.OrPattern, subject: Value, failed: Block) -> None:
        if any(_binds(option) for option in pattern.options):
            self.unsupported("names inside alternatives of a pattern", pattern)
            return
        edges = []
        for number, option in enumerate(pattern.options):
            last = number == len(pattern.options) - 1
            otherwise = failed if last else self.new_block("or")
            env = dict(self.env)
            self.test(option, subject, otherwise)
            edges.append(self.edge())
            if not last:
                self.start(otherwise, env)
        self.join("fits", edges)

    # --- binding without alternatives --------------------------------------------------------------------------------

    def destructure(self, pattern: s.Pattern, value: Value) -> None:
        """Bind the names of a pattern that is not a test: missing elements panic, extra ones are ignored."""
        if isinstance(pattern, s.BindPattern):
            variable = self.meaning[pattern]
            assert isinstance(variable, Variable)
            self.declare(variable, value, pattern)
        elif isinstance(pattern, s.ArrayPattern):
            for number, item in enumerate(pattern.items):
                if not isinstance(item, s.WildcardPattern):
                    self.destructure(item, self.op("index", item, value, self.const(number, item)))
            if pattern.rest is not None:
                self.destructure(pattern.rest, self._rest(pattern, value))
        elif not isinstance(pattern, s.WildcardPattern):
            self.unsupported(_UNSUPPORTED[type(pattern).__name__], pattern)


def _fits_everything(pattern: s.Pattern) -> bool:
    if isinstance(pattern, s.OrPattern):
        return any(_fits_everything(option) for option in pattern.options)
    return isinstance(pattern, s.WildcardPattern | s.BindPattern)


def _covers_bools(arms: list[s.Arm]) -> bool:
    """True if the unguarded arms name both `true` and `false`."""
    found = set()
    for arm in arms:
        options = arm.pattern.options if isinstance(arm.pattern, s.OrPattern) else [arm.pattern]
        for option in options:
            if isinstance(option, s.LiteralPattern) and isinstance(option.value, s.BoolLit) and arm.guard is None:
                found.add(option.value.value)
    return found == {True, False}


def _binds(pattern: s.Node) -> bool:
    return isinstance(pattern, s.BindPattern) or any(_binds(child) for child in s.children(pattern))
