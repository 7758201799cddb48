"""Types of IR values: interned, immutable, compared by identity.

Every stage has its own subset: `dyn` (and `bool` for conditions) in HIR; scalars, `nil`, `string`, `array<T>`,
`opt<T>`, `cell<T>`, `fn`, `tuple<...>`, `sum<...>` and `object` in typed IR; scalars alone in mem IR, where every reference is an `i32` address.
"""

from __future__ import annotations

_interned: dict[tuple[str, tuple[Type, ...]], Type] = {}


class Type:
    """A type constructor applied to arguments. Build it with `make`, never directly."""

    __slots__ = ("args", "name", "text")

    def __init__(self, name: str, args: tuple[Type, ...]) -> None:
        self.name = name
        self.args = args
        self.text: str = f"{name}<{', '.join(a.text for a in args)}>" if args else name

    def __repr__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[object, tuple[str, tuple[Type, ...]]]:
        return make, (self.name, self.args)

    @property
    def is_reference(self) -> bool:
        """True for types whose values are addresses of heap objects."""
        return self.name in REFERENCE_NAMES


def make(name: str, args: tuple[Type, ...] = ()) -> Type:
    """The one `Type` object with this constructor and these arguments."""
    key = (name, args)
    found = _interned.get(key)
    if found is None:
        found = _interned[key] = Type(name, args)
    return found


REFERENCE_NAMES = frozenset({"string", "array", "cell", "fn", "object"})

I32 = make("i32")
I64 = make("i64")
F32 = make("f32")
F64 = make("f64")
V128 = make("v128")
BOOL = make("bool")
NIL = make("nil")
DYN = make("dyn")
STRING = make("string")

SCALARS = (I32, I64, F32, F64, V128, BOOL)


def array(element: Type) -> Type:
    """A growable array with flat elements of type `element`, which may be one of `STORAGE`."""
    return make("array", (element,))


def opt(payload: Type) -> Type:
    """`payload` or nil, as a flat value: a tag and the payload."""
    return make("opt", (payload,))


def cell(content: Type) -> Type:
    """A heap cell shared by the closures that capture one variable."""
    return make("cell", (content,))


#: A function value: the address of an object that holds the tag of its code and what it captures.
FN = make("fn")


#: A heap object whose fields one of the module's layouts tells: the ops that use it name the layout.
OBJECT = make("object")


def tuple_(parts: tuple[Type, ...]) -> Type:
    """Several values as one flat value without identity."""
    return make("tuple", parts)


def case(fields: tuple[Type, ...]) -> Type:
    """What one case of a sum holds; only an argument of `sum`."""
    return make("case", fields)


def sum_(cases: tuple[Type, ...]) -> Type:
    """One of several cases as a flat value: the number of the case, and the fields that any case needs."""
    return make("sum", cases)


#: Narrow elements of arrays: how they lie in memory, and the type of the values that are read and written. Storing wraps
#: integers and rounds floats. They are no types of values.
STORAGE: dict[Type, Type] = {
    **{make(name): I64 for name in ("u8", "s8", "u16", "s16", "u32", "s32")},
    F32: F64,
}


def element_value(element: Type) -> Type:
    """The type of the values that an array with these elements holds."""
    return STORAGE.get(element, element)


class TypeSyntaxError(ValueError):
    """The text is no type; the message says where it stops being one."""


def parse(text: str) -> Type:
    """Read a type as `Type.text` writes it. Raises TypeSyntaxError."""
    found, end = _parse_at(text, 0)
    if text[end:].strip():
        raise TypeSyntaxError(f"unexpected {text[end:].strip()!r} after type {found.text}")
    return found


_STOPS = frozenset("<>,")


def _parse_at(text: str, start: int) -> tuple[Type, int]:
    end = start
    while end < len(text) and text[end] not in _STOPS:
        end += 1
    name = text[start:end].strip()
    if not name:
        raise TypeSyntaxError(f"a type name is missing at {text[start:] or 'the end'!r}")
    if end == len(text) or text[end] != "<":
        return make(name), end
    args: list[Type] = []
    while True:
        arg, end = _parse_at(text, end + 1)
        args.append(arg)
        if end == len(text):
            raise TypeSyntaxError(f"'<' of {name} is never closed")
        if text[end] == ">":
            return make(name, tuple(args)), end + 1
