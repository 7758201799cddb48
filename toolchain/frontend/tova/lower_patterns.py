"""Lowering of patterns: `match`, destructuring, parameters."""

from __future__ import annotations

from wasmlathe.ir.core import Block, Value

from . import syntax as s
from .declared import CaseInfo, TypeInfo
from .exhaustive import Coverage, coverage
from .lower_expressions import ExpressionLowering
from .lower_types import type_name
from .symbols import Variable


class PatternLowering(ExpressionLowering):
    """Tests of patterns branch to a failure block; what they bind is declared on the way."""

    def match(self, node: s.Match, want: bool) -> Value | None:
        """Arms are tried in order; without a fitting one the value is nil."""
        subject = self.expression(node.subject)
        covered = coverage(node.arms, self.meaning)
        self._warn_of_arms(node, covered)
        variable = self.plain_variable(node.subject)
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
            if arm.guard is None and _is_nil(arm.pattern):
                subject = self.op("not_nil", arm.pattern, subject)
                if variable is not None:
                    self.env[variable] = subject
        if falls_through:
            if covered.kind is not None:
                self._leave_covered(subject, node, covered)
            if want:
                values.append(self.nil(node))
            edges.append(self.edge())
        _, result = self.join("endmatch", edges, values if want else None)
        return self.nil(node) if want and result is None else result

    def _leave_covered(self, subject: Value, node: s.Match, covered: Coverage) -> None:
        """After arms that cover a type go on only if the subject is of another one, which its type tells."""
        covered_type = type_name(covered.kind) if isinstance(covered.kind, TypeInfo) else covered.kind
        done, other = self.new_block("covered"), self.new_block("other")
        self.branch(self.op("truth", node, self.op("is", node, subject, type=covered_type)), done, other)
        env = self.env
        self.start(done)
        if covered.is_flat:
            self.builder.emit("unreachable", (), ())
        else:
            self.builder.panic("no arm of the match fits")  # something inside may be of another type
        self.start(other, env)

    def _warn_of_arms(self, node: s.Match, covered: Coverage) -> None:
        diagnostics = self.unit.diagnostics
        if covered.missing:
            message = f"the match does not cover {', '.join(covered.missing)}"
            diagnostics.warning("W0200", message, self.span(node.subject), "add an arm for it, or `_ => ...`")
        for arm in covered.unreachable:
            message = "this arm is never reached: the arms above cover it"
            diagnostics.warning("W0207", message, self.span(arm.pattern))

    def test(self, pattern: s.Pattern, subject: Value, failed: Block) -> None:
        """Go on if `subject` fits `pattern`, which binds its names; else continue at `failed`."""
        getattr(self, "_test_" + type(pattern).__name__)(pattern, subject, failed)

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

    def _test_VariantPattern(self, pattern: s.VariantPattern, subject: Value, failed: Block) -> None:
        case = self.meaning.get(pattern)
        if not isinstance(case, CaseInfo):
            return  # reported by name resolution
        which = {"type": case.type.name, "case": case.name}
        passed = self.new_block(case.name)
        self.branch(self.op("is_case", pattern, subject, **which), passed, failed)
        self.start(passed)
        for number, item in enumerate((pattern.items or [])[: len(case.fields)]):
            if not isinstance(item, s.WildcardPattern):
                self.test(item, self.op("case_get", item, subject, index=number, **which), failed)

    def _test_TuplePattern(self, pattern: s.TuplePattern, subject: Value, failed: Block) -> None:
        self._require_kind(f"Tuple{len(pattern.items)}", pattern, subject, failed)
        for number, item in enumerate(pattern.items):
            if not isinstance(item, s.WildcardPattern):
                self.test(item, self.op("tuple_get", item, subject, index=number), failed)

    def _test_RecordPattern(self, pattern: s.RecordPattern, subject: Value, failed: Block) -> None:
        """A record fits if it has the fields and they fit."""
        self._require_kind("Fields", pattern, subject, failed)
        for field in pattern.fields:
            self._require(self.op("in", field, self.const(field.key, field), subject), field, failed)
            if not isinstance(field.pattern, s.WildcardPattern):
                self.test(field.pattern, self.op("getattr", field, subject, name=field.key), failed)

    def _test_OrPattern(self, pattern: s.OrPattern, subject: Value, failed: Block) -> None:
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
        elif isinstance(pattern, s.TuplePattern):
            for number, item in enumerate(pattern.items):
                if not isinstance(item, s.WildcardPattern):
                    self.destructure(item, self.op("tuple_get", item, value, index=number))
        elif isinstance(pattern, s.RecordPattern):
            for field in pattern.fields:
                self.destructure(field.pattern, self._field(field, value))

    def _field(self, field: s.FieldPattern, record: Value) -> Value:
        """The field of a record, or the pattern's default where it is missing or nil."""
        value = self.op("getattr", field, record, name=field.key)
        if field.default is None:
            return value
        absent, present = self.new_block("absent"), self.new_block("present")
        self.branch(self.op("is_nil", field, value), absent, present)
        env = self.env
        self.start(present, env)
        values, edges = [self.op("not_nil", field, value)], [self.edge()]
        self.start(absent, env)
        values.append(self.expression(field.default))
        edges.append(self.edge())
        return self._joined("field", edges, values)


def _fits_everything(pattern: s.Pattern) -> bool:
    if isinstance(pattern, s.OrPattern):
        return any(_fits_everything(option) for option in pattern.options)
    return isinstance(pattern, s.WildcardPattern | s.BindPattern)


def _is_nil(pattern: s.Pattern) -> bool:
    return isinstance(pattern, s.LiteralPattern) and isinstance(pattern.value, s.NilLit)
