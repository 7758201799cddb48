"""The types of inference and their join.

    Never < True, False < Bool        Never < Int < Float        T, Nil < Opt(T)        ... < Any

What grows lives in a `TypeCell`: the elements of the arrays that one place in the program makes, a captured variable,
a module variable. Joining two array types makes their cells one (Steensgaard's union-find), so that every alias sees
every store. Since a chain of distinct types over a finite number of cells is finite, the fixpoint ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wasmlathe.ir.core import Function

    from .instances import Instance


class Ty:
    """A type of a value; the ones without parts are the constants below."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return show(self)


class Any(Ty):
    """A value of several kinds at once; `reason` says which, for `explain` and the diagnostics."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        super().__init__("Any")
        self.reason = reason


class Opt(Ty):
    """`payload` or nil. The payload is never itself optional, Nil, Never or Any."""

    __slots__ = ("payload",)

    def __init__(self, payload: Ty) -> None:
        super().__init__("Opt")
        self.payload = payload


class Array(Ty):
    """An array; its element type is the content of `cell`."""

    __slots__ = ("_cell",)

    def __init__(self, cell: TypeCell) -> None:
        super().__init__("Array")
        self._cell = cell

    @property
    def cell(self) -> TypeCell:
        return self._cell.find()


class Shared(Ty):
    """The cell of a variable that closures share."""

    __slots__ = ("_cell",)

    def __init__(self, cell: TypeCell) -> None:
        super().__init__("Shared")
        self._cell = cell

    @property
    def cell(self) -> TypeCell:
        return self._cell.find()


class Func(Ty):
    """One of the function values made at `sites`."""

    __slots__ = ("sites",)

    def __init__(self, sites: frozenset[ClosureSite]) -> None:
        super().__init__("Func")
        self.sites = sites


NEVER, INT, FLOAT, BOOL, NIL, STRING = (Ty(n) for n in ("Never", "Int", "Float", "Bool", "Nil", "String"))
TRUE, FALSE = Ty("True"), Ty("False")
BOOLS = frozenset({BOOL, TRUE, FALSE})


class ClosureSite:
    """A place where a function value is made: an op within an instance, and what the values capture."""

    __slots__ = ("captures", "function", "number")

    def __init__(self, function: Function, number: int, captures: list[TypeCell]) -> None:
        self.function = function
        self.number = number
        self.captures = captures


class TypeCell:
    """A type that grows. `readers` are the instances to look at again when it does."""

    __slots__ = ("_parent", "_type", "on_growth", "readers")

    def __init__(self, on_growth: Callable[[Instance], None]) -> None:
        self._parent: TypeCell = self
        self._type: Ty = NEVER
        self.readers: dict[Instance, None] = {}
        self.on_growth = on_growth

    def find(self) -> TypeCell:
        root = self
        while root._parent is not root:
            root = root._parent
        at = self
        while at._parent is not root:  # path compression
            at._parent, at = root, at._parent
        return root

    @property
    def type(self) -> Ty:
        return self.find()._type

    def read(self, reader: Instance) -> Ty:
        """The present type; `reader` is looked at again when it grows."""
        root = self.find()
        root.readers.setdefault(reader)
        return root._type

    def grow(self, type_: Ty) -> None:
        """Make the cell hold values of `type_` too."""
        root = self.find()
        joined = join(root._type, widen_bool(type_))
        root = root.find()  # joining may have merged cells
        if not same(joined, root._type):
            root._type = joined
            root._notify()

    def unify(self, other: TypeCell) -> None:
        """Make both one cell that holds what either held."""
        a, b = self.find(), other.find()
        if a is b:
            return
        b._parent = a
        a.readers.update(b.readers)
        before_a, before_b = a._type, b._type
        a._type = join(before_a, before_b)
        if not (same(a._type, before_a) and same(a._type, before_b)):
            a.find()._notify()

    def _notify(self) -> None:
        for reader in list(self.readers):
            self.on_growth(reader)


def widen_bool(type_: Ty) -> Ty:
    """The type without knowledge of which Bool it is."""
    return BOOL if type_ is TRUE or type_ is FALSE else type_


def join(a: Ty, b: Ty) -> Ty:
    """The smallest type that holds the values of both. Merges the cells of arrays and shared variables."""
    if a is b or b is NEVER:
        return a
    if a is NEVER:
        return b
    if isinstance(a, Any) or isinstance(b, Any):
        return a if isinstance(a, Any) else b
    if a in BOOLS and b in BOOLS:
        return BOOL
    if a in (INT, FLOAT) and b in (INT, FLOAT):
        return FLOAT
    if a is NIL or b is NIL or isinstance(a, Opt) or isinstance(b, Opt):
        return optional(join(not_nil(a), not_nil(b)))
    if isinstance(a, Array) and isinstance(b, Array):
        a.cell.unify(b.cell)
        return a
    if isinstance(a, Shared) and isinstance(b, Shared):
        a.cell.unify(b.cell)
        return a
    if isinstance(a, Func) and isinstance(b, Func):
        return a if b.sites <= a.sites else b if a.sites <= b.sites else Func(a.sites | b.sites)
    return Any(f"{show(a)} or {show(b)}")


def optional(type_: Ty) -> Ty:
    """`type_` or nil."""
    if type_ is NEVER:
        return NIL
    return type_ if type_ is NIL or isinstance(type_, Opt | Any) else Opt(widen_bool(type_))


def not_nil(type_: Ty) -> Ty:
    """The values of `type_` other than nil."""
    return type_.payload if isinstance(type_, Opt) else NEVER if type_ is NIL else type_


def same(a: Ty, b: Ty) -> bool:
    """Whether both are the same type now, with the very same cells."""
    if a is b:
        return True
    if type(a) is not type(b) or type(a) is Ty:
        return False
    if isinstance(a, Array | Shared) and isinstance(b, Array | Shared):
        return a.cell is b.cell
    if isinstance(a, Opt) and isinstance(b, Opt):
        return same(a.payload, b.payload)
    if isinstance(a, Func) and isinstance(b, Func):
        return a.sites == b.sites
    return isinstance(a, Any)


def alike(a: Ty, b: Ty, assumed: frozenset[tuple[int, int]] = frozenset()) -> bool:
    """Whether both have the same structure, if perhaps different cells."""
    if same(a, b):
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, Array | Shared) and isinstance(b, Array | Shared):
        pair = (id(a.cell), id(b.cell))
        return pair in assumed or alike(a.cell.type, b.cell.type, assumed | {pair})
    return isinstance(a, Opt) and isinstance(b, Opt) and alike(a.payload, b.payload, assumed)


def merge(a: Ty, b: Ty) -> None:
    """Make the cells of two types of the same structure one."""
    if isinstance(a, Array | Shared | Opt):
        join(a, b)


def kind(type_: Ty) -> str:
    """What the language calls it: the part before any parameters."""
    if type_ in BOOLS:
        return "Bool"
    return {"Func": "Function"}.get(type_.name, type_.name)


def show(type_: Ty, depth: int = 0) -> str:
    """The type as messages write it."""
    if depth > 4:
        return "..."
    if isinstance(type_, Array):
        element = type_.cell.type
        return "[]" if element is NEVER else f"[{show(element, depth + 1)}]"
    if isinstance(type_, Opt):
        return f"{show(type_.payload, depth + 1)} | Nil"
    if isinstance(type_, Shared):
        return show(type_.cell.type, depth + 1)
    if isinstance(type_, Func):
        return "Function"
    return "Bool" if type_ in BOOLS else type_.name
