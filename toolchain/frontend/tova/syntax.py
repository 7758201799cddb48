"""The abstract syntax of the Tova core: one class per construct.

Every node carries `start` and `end`, the character offsets of its text; the remaining fields are the class's own, given
to the constructor in the order in which they are written:

    Binary(start, end, "+", left, right)

What the parser has already made simple: an argument with a free `it` is a `Lambda` (`is_implicit`), the right side of
a `Pipe` holds explicit `Placeholder`s, bodies of functions, lambdas and match arms are always a `Block`, `else if` is
one more `Branch`. Names are not resolved here: a `Name` on the left of `=` may declare or assign.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, dataclass_transform


@dataclass_transform(kw_only_default=False)
class _NodeType(type):
    """Turns the annotations of a node class into slots and a constructor.

    A stand-in for `@dataclass(slots=True)`, whose import and class creation would cost more than parsing a program.
    """

    FIELDS: tuple[str, ...]

    def __new__(mcs, name: str, bases: tuple[_NodeType, ...], namespace: dict[str, Any]) -> _NodeType:
        own = tuple(namespace.get("__annotations__", ()))
        fields = (*(bases[0].FIELDS if bases else ()), *own)
        namespace["__slots__"] = own
        namespace["__match_args__"] = fields[2:]
        namespace["FIELDS"] = fields
        if own:
            body = "; ".join(f"self.{field} = {field}" for field in fields)
            exec(f"def __init__(self, {', '.join(fields)}): {body}", {}, namespace)  # noqa: S102 - only names from here
        return super().__new__(mcs, name, bases, namespace)


class Node(metaclass=_NodeType):
    """Anything in the syntax tree."""

    start: int
    end: int

    def __repr__(self) -> str:
        return dump(self)


class Expr(Node):
    """Something with a value."""


class Stmt(Node):
    """Something that is executed."""


class Pattern(Node):
    """The left side of a match arm, or what a destructuring, parameter or loop binds."""


class TypeExpr(Node):
    """A type as written."""


# --- literals ---------------------------------------------------------------------------------------------------------


class IntLit(Expr):
    """`42`, `0xff`; the value fits into 64 bits, a minus directly before it is already applied."""

    value: int


class FloatLit(Expr):
    """`1.5`, `1e9`; a minus directly before it is already applied."""

    value: float


class StrLit(Expr):
    """A string without interpolation; escapes are replaced."""

    value: str


class BoolLit(Expr):
    """`true` or `false`."""

    value: bool


class NilLit(Expr):
    """`nil`."""


class Template(Expr):
    """An interpolated string: texts (never empty) and expressions in their order."""

    parts: list[str | Expr]


class RegexLit(Expr):
    """`/body/flags`."""

    pattern: str
    flags: str


class TupleLit(Expr):
    """`(a, b)`."""

    items: list[Expr]


class ArrayLit(Expr):
    """`[a, ...b]`; an item may be a `Spread`."""

    items: list[Expr]


class RecordLit(Expr):
    """`{k: v, short, [computed]: v, ...other}`; an entry is a `Property` or a `Spread`."""

    entries: list[Property | Spread]


class Property(Node):
    """One `key: value` of a record; the key is a text, or an expression if it is computed."""

    key: str | Expr
    value: Expr


class Spread(Expr):
    """`...value` in an array, a record or the arguments of a call."""

    value: Expr


class ArrayComp(Expr):
    """`[element for x in xs if c]`."""

    element: Expr
    clauses: list[ForClause]


class RecordComp(Expr):
    """`{key: value for x in xs if c}`."""

    key: Expr
    value: Expr
    clauses: list[ForClause]


class ForClause(Node):
    """`for targets in source [if condition]` of a comprehension; one or two targets."""

    targets: list[Pattern]
    source: Expr
    condition: Expr | None


# --- operators --------------------------------------------------------------------------------------------------------


class Name(Expr):
    """A name, used or (on the left of `=`) bound."""

    name: str


class Placeholder(Expr):
    """`_`: the piped value inside the right side of a `Pipe`, or the discard target of an `Assign`."""


class Unary(Expr):
    """`-x`, `~x`, `not x` (also written `!x`); op is `-`, `~` or `not`."""

    op: str
    operand: Expr


class Binary(Expr):
    """`+ - * / % ** | ^ & << >> >>>` and a single comparison `== != < <= > >=`."""

    op: str
    left: Expr
    right: Expr


class CompareChain(Expr):
    """`a < b <= c`: at least two operators between their operands."""

    operands: list[Expr]
    ops: list[str]


class Logical(Expr):
    """`and`, `or` (also written `&&`, `||`): the right side is evaluated on demand."""

    op: str
    left: Expr
    right: Expr


class Coalesce(Expr):
    """`left ?? right`."""

    left: Expr
    right: Expr


class Membership(Expr):
    """`item in container`, `item not in container`."""

    item: Expr
    container: Expr
    negated: bool


class TypeTest(Expr):
    """`value is Name`, `value is not Name`; the name of a type or variant, perhaps qualified (`Shape.Circle`)."""

    value: Expr
    qualifier: str | None
    name: str
    negated: bool


class Range(Expr):
    """`low..high`, `low..=high`."""

    low: Expr
    high: Expr
    inclusive: bool


class Pipe(Expr):
    """`left |> right`: `left` is evaluated once, then `right`, in which every `Placeholder` stands for that value.

    The parser writes the placeholders of the short forms: `x |> f(a)` is `Pipe(x, f(_, a))`.
    """

    left: Expr
    right: Expr


# --- postfix ----------------------------------------------------------------------------------------------------------


class Call(Expr):
    """`callee(args)`; an argument may be a `Spread` or a `NamedArg`."""

    callee: Expr
    args: list[Expr]


class MethodCall(Expr):
    """`receiver.name(args)`, `receiver?.name(args)`: also a call of a function-valued field or of a namespace's member."""

    receiver: Expr
    name: str
    args: list[Expr]
    optional: bool


class NamedArg(Expr):
    """`name: value` among the arguments of a call."""

    name: str
    value: Expr


class Member(Expr):
    """`receiver.name`, `receiver?.name`."""

    receiver: Expr
    name: str
    optional: bool


class TupleField(Expr):
    """`receiver.0`."""

    receiver: Expr
    index: int


class Index(Expr):
    """`receiver[index]`."""

    receiver: Expr
    index: Expr


class Slice(Expr):
    """`receiver[low:high:step]`; absent parts are None."""

    receiver: Expr
    low: Expr | None
    high: Expr | None
    step: Expr | None


class Propagate(Expr):
    """`value?`."""

    value: Expr


class Await(Expr):
    """`await value`."""

    value: Expr


class Yield(Expr):
    """`yield value`, `yield from value` (`delegates`)."""

    value: Expr
    delegates: bool


class Spawn(Expr):
    """`spawn value` inside `concurrent`; the value is a call or a lambda."""

    value: Expr


# --- functions and blocks ---------------------------------------------------------------------------------------------


class Block(Node):
    """Statements in braces, or the one expression or statement that stands for them."""

    statements: list[Stmt]


class Param(Node):
    """One parameter: what it binds, its type and default; `...xs` is a rest parameter."""

    pattern: Pattern
    type: TypeExpr | None
    default: Expr | None
    is_rest: bool


class Lambda(Expr):
    """`fn(x) e`, `x => e`, `(x) => {...}`, or an argument with a free `it` (`is_implicit`, its parameter is `it`)."""

    params: list[Param]
    result: TypeExpr | None
    body: Block
    is_async: bool
    is_generator: bool
    is_implicit: bool


class If(Expr):
    """`if c {...} elif d {...} else {...}`, as a value or (in an `ExprStmt`, `otherwise` may be None) as a statement."""

    branches: list[Branch]
    otherwise: Block | None


class Branch(Node):
    """One condition of an `if` with its block."""

    condition: Expr
    body: Block


class Match(Expr):
    """`match subject { arms }`."""

    subject: Expr
    arms: list[Arm]


class Arm(Node):
    """`pattern [if guard] => body`."""

    pattern: Pattern
    guard: Expr | None
    body: Block


# --- statements -------------------------------------------------------------------------------------------------------


class Program(Node):
    """A source file."""

    statements: list[Stmt]


class ExprStmt(Stmt):
    """An expression as a statement; the last one of a body is its value."""

    value: Expr


class Assign(Stmt):
    """`x = e`, `a, b = b, a`, `x.f = e`, `x[i] = e`, `x: T = e`.

    Targets are `Name`, `Member`, `TupleField`, `Index` or `Placeholder` (discards); as many values as targets. `type`
    is given only for a single `Name`, which is then a new binding.
    """

    targets: list[Expr]
    type: TypeExpr | None
    values: list[Expr]


class VarDecl(Stmt):
    """`var a, b: T = x, y`; as many types (None if absent) and values as names."""

    names: list[Name]
    types: list[TypeExpr | None]
    values: list[Expr]


class CompoundAssign(Stmt):
    """`target op= value`; op without its `=`, target as in `Assign`."""

    op: str
    target: Expr
    value: Expr


class Destructure(Stmt):
    """`{a, b: c = 1} = e`, `[a, _, ...r] = e`, `(a, b) = e`."""

    pattern: Pattern
    value: Expr


class For(Stmt):
    """`label: async for targets in source when condition {...} else {...}`; one or two targets."""

    label: str | None
    is_async: bool
    targets: list[Pattern]
    source: Expr
    condition: Expr | None
    body: Block
    otherwise: Block | None


class While(Stmt):
    """`label: while condition {...}`."""

    label: str | None
    condition: Expr
    body: Block


class Loop(Stmt):
    """`label: loop {...}`."""

    label: str | None
    body: Block


class Return(Stmt):
    """`return`, `return value`."""

    value: Expr | None


class Break(Stmt):
    """`break`, `break label`."""

    label: str | None


class Continue(Stmt):
    """`continue`, `continue label`."""

    label: str | None


class Guard(Stmt):
    """`guard condition else {...}`."""

    condition: Expr
    body: Block


class Defer(Stmt):
    """`defer e`, `defer {...}`."""

    body: Block


class With(Stmt):
    """`with value as name {...}`."""

    value: Expr
    name: Name
    body: Block


class Try(Stmt):
    """`try {...} catch e {...} finally {...}`; at least one of the two handlers is there."""

    body: Block
    catch_name: Name | None
    catch_body: Block | None
    finally_body: Block | None


class Concurrent(Stmt):
    """`concurrent {...}`; mode is `all`, `cancel_on_error`, `first` or `timeout` (then `limit` is the time)."""

    mode: str
    limit: Expr | None
    body: Block


class Select(Stmt):
    """`select { cases }`."""

    cases: list[SelectCase]


class SelectCase(Node):
    """One case of a `select`. kind is `receive` (`name from channel`), `send` (`channel.send(value)`), `timeout`
    (`timeout(value)`) or `default` (`_`); `name` is None for `_ from channel`."""

    kind: str
    name: Name | None
    channel: Expr | None
    value: Expr | None
    body: Block


# --- declarations -----------------------------------------------------------------------------------------------------


class FnDecl(Stmt):
    """`@decorators async fn name<T>(params) -> result {...}`; `body` is None only for a method a trait requires."""

    name: str
    name_start: int
    type_params: list[str]
    params: list[Param]
    result: TypeExpr | None
    body: Block | None
    is_async: bool
    is_generator: bool
    decorators: list[Decorator]


class Decorator(Node):
    """`@name`, `@name(args)`."""

    name: str
    args: list[Expr]


class TypeDecl(Stmt):
    """`type T<A> { fields or variants } derive [Eq]`; exactly one of `fields` and `variants` is not empty."""

    name: str
    type_params: list[str]
    fields: list[Field]
    variants: list[Variant]
    derives: list[str]


class Field(Node):
    """A field of a record type or variant: `name: type`, in variants also `name` or only a type."""

    name: str | None
    type: TypeExpr | None


class Variant(Node):
    """`Circle(radius: Float)`, `Unit`."""

    name: str
    fields: list[Field]


class TypeAlias(Stmt):
    """`type A<T> = type where {conditions}`; a union of unknown names declares constants."""

    name: str
    type_params: list[str]
    type: TypeExpr
    conditions: list[Expr]


class Impl(Stmt):
    """`impl Type {...}`, `impl Trait for Type {...}`."""

    type_name: str
    trait_name: str | None
    methods: list[FnDecl]


class Trait(Stmt):
    """`trait T {...}` or `interface T {...}`; methods without body are required."""

    name: str
    methods: list[FnDecl]
    is_interface: bool


class Import(Stmt):
    """`import {a, b as c} from "p"` (items), `import d from "p"` (default), `import * as n from "p"` (namespace)."""

    path: str
    items: list[ImportItem]
    default: str | None
    namespace: str | None


class ImportItem(Node):
    """`name` or `name as alias` in an import or export list; without alias, `alias` equals `name`."""

    name: str
    alias: str


class Pub(Stmt):
    """`pub statement`, `export default statement`."""

    statement: Stmt
    is_default: bool


class Export(Stmt):
    """`pub {a, b as c} [from "p"]`; `pub * from "p"` has items None."""

    items: list[ImportItem] | None
    path: str | None


class Test(Stmt):
    """`test "name" timeout=N {...}`; the time is in milliseconds, the body may hold `Hook`s."""

    name: str | None
    timeout: int | None
    body: Block


class Hook(Stmt):
    """`before_each {...}`, `after_each {...}` in a test; `kind` is the word."""

    kind: str
    body: Block


class Bench(Stmt):
    """`bench "name" {...}`."""

    name: str | None
    body: Block


# --- patterns ---------------------------------------------------------------------------------------------------------


class WildcardPattern(Pattern):
    """`_`."""


class BindPattern(Pattern):
    """A name to bind."""

    name: str


class LiteralPattern(Pattern):
    """A number, string, Bool or nil; `value` is the literal node."""

    value: Expr


class RangePattern(Pattern):
    """`low..high`, `low..=high` between two numbers."""

    low: IntLit | FloatLit
    high: IntLit | FloatLit
    inclusive: bool


class PrefixPattern(Pattern):
    """`"text" ++ rest`; rest is a `BindPattern` or `WildcardPattern`."""

    prefix: str
    rest: Pattern


class VariantPattern(Pattern):
    """`Circle(r)`, `None`, `Shape.Circle(r)`; `items` is None for the bare name."""

    qualifier: str | None
    name: str
    items: list[Pattern] | None


class ArrayPattern(Pattern):
    """`[a, b, ...rest]`; rest is None, a `BindPattern` or a `WildcardPattern`."""

    items: list[Pattern]
    rest: Pattern | None


class TuplePattern(Pattern):
    """`(a, b)`."""

    items: list[Pattern]


class RecordPattern(Pattern):
    """`{a, b: p, c = 1}`."""

    fields: list[FieldPattern]


class FieldPattern(Node):
    """One field of a record pattern; `{a}` has the pattern `a`. Defaults stand only in bindings and parameters."""

    key: str
    pattern: Pattern
    default: Expr | None


class OrPattern(Pattern):
    """`p | q`."""

    options: list[Pattern]


# --- types ------------------------------------------------------------------------------------------------------------


class NamedType(TypeExpr):
    """`Int`, `Map<String, Int>`."""

    name: str
    args: list[TypeExpr]


class ArrayType(TypeExpr):
    """`[T]`."""

    element: TypeExpr


class TupleType(TypeExpr):
    """`(A, B)`."""

    items: list[TypeExpr]


class FunctionType(TypeExpr):
    """`(A, B) -> R`."""

    params: list[TypeExpr]
    result: TypeExpr


class UnionType(TypeExpr):
    """`A | B`."""

    options: list[TypeExpr]


# --- walking and showing ----------------------------------------------------------------------------------------------


def children(node: Node) -> Iterator[Node]:
    """The direct sub-nodes in field order."""
    for field in type(node).FIELDS[2:]:
        value = getattr(node, field)
        if isinstance(value, Node):
            yield value
        elif type(value) is list:
            for item in value:
                if isinstance(item, Node):
                    yield item


# Constructs so frequent that their dump is only their content.
_BARE = {"Name": "name", "BindPattern": "name", "IntLit": "value", "FloatLit": "value", "ExprStmt": "value"}


def dump(node: Node | None) -> str:
    """The tree as a compact s-expression: `(Binary + x 1)`. False flags, None and empty trailing fields are left out."""
    return _dump(node)


def _dump(value: object) -> str:
    if isinstance(value, Node):
        name = type(value).__name__
        if name in _BARE:
            return _dump(getattr(value, _BARE[name])) if name != "Name" else value.name  # type: ignore[attr-defined]
        fields = (field for field in type(value).FIELDS[2:] if field != "name_start")
        parts = [_dump_field(field, getattr(value, field)) for field in fields]
        while parts and parts[-1] in ("-", "[]", ""):
            parts.pop()
        return "(" + " ".join([name, *(part for part in parts if part)]) + ")"
    if isinstance(value, list):
        return "[" + " ".join(_dump(item) for item in value) + "]"
    return "-" if value is None else str(value)


def _dump_field(field: str, value: object) -> str:
    """One field: flags by name if set, texts that are data (not names or operators) quoted."""
    if isinstance(value, bool):
        if field != "value":
            return field.removeprefix("is_") if value else ""
        return "true" if value else "false"
    if isinstance(value, str) and field in ("value", "path", "pattern", "prefix"):
        return repr(value)
    if field == "parts" and isinstance(value, list):
        return "[" + " ".join(repr(part) if isinstance(part, str) else _dump(part) for part in value) + "]"
    return _dump(value)
