"""The types of inference and their join.

    Never < True, False < Bool        Never < Int < Float        T, Nil < Opt(T)        A, B < Union(A, B)

What grows lives in a `TypeCell`: the elements of the arrays that one place in the program makes, the fields of a record,
a captured variable, a module variable. Joining two array types makes their cells one (Steensgaard's union-find), so that
every alias sees every store. Kinds that do not join are the members of a `Union`, at most one of each kind. Since a chain
of distinct types over a finite number of cells is finite, the fixpoint ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wasmlathe.ir.core import Declaration, Function

    from .instances import Instance


class Ty:
    """A type of a value; the ones without parts are the constants below."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return show(self)


class Opt(Ty):
    """`payload` or nil. The payload is never itself optional, Nil, Never or a Union."""

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


class Tuple(Ty):
    """A tuple: a type cell for every part."""

    __slots__ = ("_cells",)

    def __init__(self, cells: tuple[TypeCell, ...]) -> None:
        super().__init__("Tuple")
        self._cells = cells

    @property
    def cells(self) -> tuple[TypeCell, ...]:
        return tuple(cell.find() for cell in self._cells)


class Nominal(Ty):
    """A value of a declared type: a type cell for every field of every case, in order."""

    __slots__ = ("_cells", "declaration")

    def __init__(self, declaration: Declaration, cells: tuple[TypeCell, ...]) -> None:
        super().__init__(declaration.name)
        self.declaration = declaration
        self._cells = cells

    @property
    def cells(self) -> tuple[TypeCell, ...]:
        return tuple(cell.find() for cell in self._cells)

    def cell(self, case: int, index: int) -> TypeCell:
        """The cell of field `index` of case number `case`."""
        return self._cells[field_offset(self.declaration, case) + index].find()

    def fields(self, case: int) -> list[TypeCell]:
        """The cells of all fields of a case."""
        start = field_offset(self.declaration, case)
        return [cell.find() for cell in self._cells[start : start + len(self.declaration.cases[case].fields)]]


def field_offset(declaration: Declaration, case: int) -> int:
    """How many fields come before those of a case."""
    return sum(len(c.fields) for c in declaration.cases[:case])


class Record(Ty):
    """A record without a declared type; what it is made of grows in its `cell`."""

    __slots__ = ("_cell",)

    def __init__(self, cell: RecordCell) -> None:
        super().__init__("Record")
        self._cell = cell

    @property
    def cell(self) -> RecordCell:
        return self._cell.find()


class Union(Ty):
    """One of several kinds of values, told apart when the program runs. Keys are kinds (`union_key`), in order."""

    __slots__ = ("members",)

    def __init__(self, members: dict[str, Ty]) -> None:
        super().__init__("Union")
        self.members = dict(sorted(members.items()))


class TypedArray(Array):
    """An array whose elements lie in memory as `storage` (`ir.types.STORAGE`, `i64` or `f64`): Ints or Floats."""

    __slots__ = ("storage",)

    def __init__(self, storage: str, cell: FixedCell) -> None:
        super().__init__(cell)
        self.name = TYPED_ARRAYS[storage]
        self.storage = storage


#: What the language calls arrays with these elements.
TYPED_ARRAYS = {
    "u8": "Uint8Array", "s8": "Int8Array", "u16": "Uint16Array", "s16": "Int16Array", "u32": "Uint32Array",
    "s32": "Int32Array", "i64": "BigInt64Array", "f32": "Float32Array", "f64": "Float64Array",
}  # fmt: skip


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

    __slots__ = ("_parent", "_type", "is_declared", "memo", "on_growth", "readers")

    def __init__(self, on_growth: Callable[[Instance], None]) -> None:
        self._parent: TypeCell = self
        #: True if an annotation says that nil is not among the values: one that comes is refused when the program runs.
        self.is_declared = False
        #: What `representation` found out about types with this cell, once nothing grows any more.
        self.memo: dict[str, bool] = {}
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
        if root.is_declared:
            type_ = not_nil(type_)
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
        a.is_declared = (a.is_declared or b.is_declared) and same(not_nil(a._type), a._type)
        if not (same(a._type, before_a) and same(a._type, before_b)):
            a.find()._notify()

    def _notify(self) -> None:
        for reader in list(self.readers):
            self.on_growth(reader)


class FixedCell(TypeCell):
    """A cell whose type is given: what is stored is converted to it."""

    __slots__ = ()

    def __init__(self, type_: Ty) -> None:
        super().__init__(lambda instance: None)
        self._type = type_

    def grow(self, type_: Ty) -> None:
        pass

    def unify(self, other: TypeCell) -> None:
        pass


class RecordCell:
    """The shape of the records that one place makes: fields fixed by name, or a dictionary once that does not do.

    Records of the same keys in the same order have fixed fields. When records of different keys meet, a key is computed
    or added, they are dictionaries: values of the library's type `std.Dict`, `dictionary` (None until one is made).
    """

    __slots__ = ("_dictionary", "_parent", "_readers", "fields", "on_growth")

    def __init__(self, on_growth: Callable[[Instance], None], fields: dict[str, TypeCell]) -> None:
        self._parent: RecordCell = self
        self.fields: dict[str, TypeCell] | None = fields
        self._dictionary: Ty = NEVER
        self._readers: dict[Instance, None] = {}
        self.on_growth = on_growth

    def find(self) -> RecordCell:
        root = self
        while root._parent is not root:
            root = root._parent
        return root

    def read(self, reader: Instance) -> dict[str, TypeCell] | None:
        """The fields, None for a dictionary; `reader` is looked at again when that changes."""
        root = self.find()
        root._readers.setdefault(reader)
        return root.fields

    @property
    def dictionary(self) -> Ty:
        return self.find()._dictionary

    def make_dictionary(self) -> None:
        root = self.find()
        if root.fields is not None:
            root.fields = None
            root._notify()

    def add_dictionary(self, type_: Ty) -> None:
        """Values of this dictionary type are among the records."""
        self.make_dictionary()
        root = self.find()
        joined = join(root._dictionary, type_)
        root = root.find()
        if not same(joined, root._dictionary):
            root._dictionary = joined
            root._notify()

    def unify(self, other: RecordCell) -> None:
        a, b = self.find(), other.find()
        if a is b:
            return
        fits = a.fields is not None and b.fields is not None and list(a.fields) == list(b.fields)
        if not fits:
            a.make_dictionary()
            b.make_dictionary()
        b._parent = a
        a._readers.update(b._readers)
        if fits:
            assert a.fields is not None and b.fields is not None
            for key, cell in a.fields.items():
                cell.unify(b.fields[key])
        elif b._dictionary is not NEVER:
            a.add_dictionary(b._dictionary)
        elif a._dictionary is not NEVER:
            a._notify()

    def _notify(self) -> None:
        for reader in list(self._readers):
            self.on_growth(reader)


def widen_bool(type_: Ty) -> Ty:
    """The type without knowledge of which Bool it is."""
    return BOOL if type_ is TRUE or type_ is FALSE else type_


def join(a: Ty, b: Ty) -> Ty:
    """The smallest type that holds the values of both. Merges the cells of what grows."""
    if a is b or b is NEVER:
        return a
    if a is NEVER:
        return b
    if isinstance(a, Union) or isinstance(b, Union):
        return union([*union_members(a), *union_members(b)], a, b)
    if a in BOOLS and b in BOOLS:
        return BOOL
    if a in (INT, FLOAT) and b in (INT, FLOAT):
        return FLOAT
    if a is NIL or b is NIL or isinstance(a, Opt) or isinstance(b, Opt):
        return _join_optional(a, b)
    if isinstance(a, Array) and isinstance(b, Array) and a.name == b.name:
        a.cell.unify(b.cell)
        return a
    if isinstance(a, Shared) and isinstance(b, Shared):
        a.cell.unify(b.cell)
        return a
    if isinstance(a, Func) and isinstance(b, Func):
        return a if b.sites <= a.sites else b if a.sites <= b.sites else Func(a.sites | b.sites)
    if isinstance(a, Tuple) and isinstance(b, Tuple) and len(a.cells) == len(b.cells):
        _unify_all(a.cells, b.cells)
        return a
    if isinstance(a, Nominal) and isinstance(b, Nominal) and a.declaration is b.declaration:
        _unify_all(a.cells, b.cells)
        return a
    if isinstance(a, Record) and isinstance(b, Record):
        a.cell.unify(b.cell)
        return a
    if isinstance(a, Record) and is_dictionary(b):
        a.cell.add_dictionary(b)
        return a
    if isinstance(b, Record) and is_dictionary(a):
        b.cell.add_dictionary(a)
        return b
    return union([a, b], a, b)


def _unify_all(left: tuple[TypeCell, ...], right: tuple[TypeCell, ...]) -> None:
    for a, b in zip(left, right, strict=True):
        a.unify(b)


def _join_optional(a: Ty, b: Ty) -> Ty:
    plain_a, plain_b = not_nil(a), not_nil(b)
    joined = optional(join(plain_a, plain_b))
    if isinstance(joined, Opt):  # an optional type that holds the other already is the same one still
        for known in (a, b):
            if isinstance(known, Opt) and same(known.payload, joined.payload):
                return known
    return joined


#: The library's type behind records with computed keys.
DICTIONARY = "std.Dict"


def is_dictionary(type_: Ty) -> bool:
    return isinstance(type_, Nominal) and type_.declaration.name == DICTIONARY


def union_members(type_: Ty) -> list[Ty]:
    """The kinds of values that a type stands for, each by itself."""
    if isinstance(type_, Union):
        return list(type_.members.values())
    if isinstance(type_, Opt):
        return [NIL, type_.payload]
    return [type_]


def union(types: list[Ty], *known: Ty) -> Ty:
    """The type of the values of all `types`, none of which is optional; one of `known` if that is the same."""
    members: dict[str, Ty] = {}
    for type_ in types:
        key = union_key(type_)
        members[key] = join(members[key], type_) if key in members else widen_bool(type_)
    if len(members) == 1:
        return next(iter(members.values()))
    if len(members) == 2 and "Nil" in members:
        return Opt(next(m for key, m in members.items() if key != "Nil"))
    made = Union(members)
    return next((k for k in known if same(k, made)), made)


def union_key(type_: Ty) -> str:
    """What tells the members of a union apart: values of equal keys join."""
    if isinstance(type_, Tuple):
        return f"Tuple{len(type_.cells)}"
    if isinstance(type_, Nominal):
        return "Record" if is_dictionary(type_) else type_.declaration.name
    return "Number" if type_ in (INT, FLOAT) else "Bool" if type_ in BOOLS else type_.name


def optional(type_: Ty) -> Ty:
    """`type_` or nil."""
    if type_ is NEVER:
        return NIL
    if isinstance(type_, Union):
        return union([NIL, *union_members(type_)], type_)
    return type_ if type_ is NIL or isinstance(type_, Opt) else Opt(widen_bool(type_))


def not_nil(type_: Ty) -> Ty:
    """The values of `type_` other than nil."""
    if isinstance(type_, Union) and "Nil" in type_.members:
        return union([m for key, m in type_.members.items() if key != "Nil"])
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
    if isinstance(a, Tuple) and isinstance(b, Tuple):
        return a.cells == b.cells
    if isinstance(a, Nominal) and isinstance(b, Nominal):
        return a.declaration is b.declaration and a.cells == b.cells
    if isinstance(a, Record) and isinstance(b, Record):
        return a.cell is b.cell
    if isinstance(a, Union) and isinstance(b, Union):
        return a.members.keys() == b.members.keys() and all(same(m, b.members[k]) for k, m in a.members.items())
    return False


Pairs = set[tuple[int, int]]


def alike(a: Ty, b: Ty, assumed: Pairs | None = None) -> bool:
    """Whether both have the same structure, if perhaps different cells. Pairs of cells are compared once (`assumed`)."""
    if same(a, b):
        return True
    if type(a) is not type(b) or a.name != b.name:
        return False
    assumed = set() if assumed is None else assumed
    if isinstance(a, Array | Shared) and isinstance(b, Array | Shared):
        return _alike_cells([(a.cell, b.cell)], assumed)
    if isinstance(a, Tuple) and isinstance(b, Tuple):
        return len(a.cells) == len(b.cells) and _alike_cells(zip(a.cells, b.cells, strict=True), assumed)
    if isinstance(a, Nominal) and isinstance(b, Nominal):
        return a.declaration is b.declaration and _alike_cells(zip(a.cells, b.cells, strict=True), assumed)
    if isinstance(a, Record) and isinstance(b, Record):
        return _alike_records(a.cell, b.cell, assumed)
    if isinstance(a, Union) and isinstance(b, Union):
        return a.members.keys() == b.members.keys() and all(
            alike(member, b.members[key], assumed) for key, member in a.members.items()
        )
    return isinstance(a, Opt) and isinstance(b, Opt) and alike(a.payload, b.payload, assumed)


def _alike_cells(pairs: Iterable[tuple[TypeCell, TypeCell]], assumed: Pairs) -> bool:
    for a, b in pairs:
        pair = (id(a), id(b))
        if pair not in assumed:
            assumed.add(pair)
            if not alike(a.type, b.type, assumed):
                return False
    return True


def _alike_records(a: RecordCell, b: RecordCell, assumed: Pairs) -> bool:
    if a.fields is None or b.fields is None:
        return a.fields is b.fields and alike(a.dictionary, b.dictionary, assumed)
    if list(a.fields) != list(b.fields):
        return False
    cells = zip(a.fields.values(), b.fields.values(), strict=True)
    return _alike_cells(((x.find(), y.find()) for x, y in cells), assumed)


def merge(a: Ty, b: Ty) -> None:
    """Make the cells of two types of the same structure one."""
    if type(a) is not Ty:
        join(a, b)


#: Declared types of the library that the language has names of its own for.
_KINDS = {DICTIONARY: "Record", "std.Map": "Map", "std.Set": "Set", "Func": "Function"}


def kind(type_: Ty) -> str:
    """What the language calls it: the part before any parameters, the unique name of a declared type."""
    if type_ in BOOLS:
        return "Bool"
    return _KINDS.get(type_.name, type_.name)


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
    if isinstance(type_, Tuple):
        return f"({', '.join(show(cell.type, depth + 1) for cell in type_.cells)})"
    if isinstance(type_, Nominal):
        return type_.declaration.source_name if not is_dictionary(type_) else "record"
    if isinstance(type_, Record):
        fields = type_.cell.fields
        return (
            "record"
            if fields is None
            else "{" + ", ".join(f"{k}: {show(c.type, depth + 1)}" for k, c in fields.items()) + "}"
        )
    if isinstance(type_, Union):
        return " | ".join(show(member, depth + 1) for member in type_.members.values())
    if isinstance(type_, Func):
        return "Function"
    return "Bool" if type_ in BOOLS else type_.name
