"""What names of declared types mean: types, their constructors, aliases, traits, type parameters.

type Shape { Circle(radius: Float), Unit }     TypeInfo Shape with the CaseInfos Circle and Unit
type Point { x: Int, y: Int }                  TypeInfo Point with one CaseInfo, Point
type Color = Red | Green                       TypeInfo Color with the CaseInfos Red and Green
type Id = Int | String                         AliasInfo
trait Named { fn name(self) -> String }        TraitInfo
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from . import syntax as s

if TYPE_CHECKING:
    from .symbols import FunctionInfo, Symbol

#: What `x is T` can test besides declared types and variants.
TESTABLE_TYPES = frozenset(
    {"Int", "Float", "Number", "String", "Bool", "Nil", "Array", "Function", "Map", "Set", "Tuple", "Record"}
)

_TYPED_ARRAYS = {
    "Float64Array", "Float32Array", "Int8Array", "Int16Array", "Int32Array", "BigInt64Array", "Uint8Array",
    "Uint16Array", "Uint32Array", "Uint8ClampedArray",
}  # fmt: skip

#: Types that need no declaration, by the names that annotations use.
BUILTIN_TYPES = TESTABLE_TYPES | _TYPED_ARRAYS | {"Any", "Byte", "Channel", "Promise"}

#: What `derive` gives as functions of the type -> how many values it takes.
DERIVED = {
    "Eq": {"__eq": 2},
    "Show": {"__show": 1},
    "JSON": {"toJSON": 1, "fromJSON": 1},
}


class FieldInfo(NamedTuple):
    """A field of a constructor. Fields of variants may have no name; then arguments are given by position only."""

    name: str
    type: s.TypeExpr | None
    is_named: bool


class CaseInfo:
    """A constructor: a variant of a sum type, or what makes values of a record type (of the same name)."""

    __slots__ = ("fields", "name", "start", "type")

    def __init__(self, type_: TypeInfo, name: str, fields: list[FieldInfo], start: int) -> None:
        self.type = type_
        self.name = name
        self.fields = fields
        self.start = start

    @property
    def is_constant(self) -> bool:
        """True if the name alone is the value."""
        return not self.fields and self.type.is_sum

    @property
    def function_name(self) -> str:
        """The HIR function that takes the fields and makes the value."""
        return f"{self.type.name}.{self.name}"


class TypeInfo:
    """A declared record or sum type. `name` is unique among all files; `source_name` is what the source calls it."""

    __slots__ = ("cases", "derives", "home", "is_sum", "methods", "name", "params", "source_name", "start", "statics")

    def __init__(self, name: str, source_name: str, params: list[str], is_sum: bool, home: object, start: int) -> None:
        self.name = name
        self.source_name = source_name
        self.params = params
        self.is_sum = is_sum
        #: The source file that declares it.
        self.home = home
        self.start = start
        self.cases: list[CaseInfo] = []
        self.derives: frozenset[str] = frozenset()
        #: Functions called on a value (their first parameter is `self`), and those called on the type.
        self.methods: dict[str, FunctionInfo] = {}
        self.statics: dict[str, FunctionInfo] = {}

    def case(self, name: str) -> CaseInfo | None:
        return next((case for case in self.cases if case.name == name), None)

    @property
    def constructor(self) -> CaseInfo | None:
        """The constructor with the name of the type: always there for a record type."""
        return self.case(self.source_name)

    def derived(self, name: str) -> int | None:
        """How many values the derived function `name` takes; None if it is not derived."""
        for derive in self.derives:
            if name in DERIVED.get(derive, {}):
                return DERIVED[derive][name]
        return None


class AliasInfo:
    """Another name for a type; it vanishes at run time. `meaning` tells what the names in `type` mean."""

    __slots__ = ("meaning", "name", "params", "start", "type")

    def __init__(
        self, name: str, params: list[str], type_: s.TypeExpr, start: int, meaning: Mapping[s.Node, Symbol]
    ) -> None:
        self.meaning = meaning
        self.name = name
        self.params = params
        self.type = type_
        self.start = start


class TraitInfo:
    """A trait or interface: its methods as declared, and the functions of those that have a body."""

    __slots__ = ("functions", "methods", "name", "start")

    def __init__(self, name: str, methods: dict[str, s.FnDecl], start: int) -> None:
        self.name = name
        self.methods = methods
        self.start = start
        self.functions: dict[str, FunctionInfo] = {}


class TypeParameter:
    """`T` of a generic declaration; `of_type` if that declares a type."""

    __slots__ = ("name", "of_type")

    def __init__(self, name: str, of_type: bool) -> None:
        self.name = name
        self.of_type = of_type


def takes_self(node: s.FnDecl) -> bool:
    """True for a method that is called on a value, not on the type."""
    if not node.params:
        return False
    first = node.params[0].pattern
    return isinstance(first, s.BindPattern) and first.name == "self"


def is_type_name(name: str) -> bool:
    """True for names that may stand for any type where nothing declares them: `T`, `U2`."""
    return len(name) <= 2 and name[0].isupper()


def counted(count: int, noun: str) -> str:
    """`1 field`, `2 fields`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
