"""Instances: a function together with the types it is analysed for.

Every call is analysed in an instance of its callee. Scalars are told apart by type, arrays by the very cells of their
elements, so that what one caller pushes into its array does not blur another's; instances that end up alike share
one typed function in the end. A function that returns an array it has made is analysed apart for every call, since
every call makes another array. Four things keep the number of instances finite and small:

* arrays of plain elements that a function only reads are told apart by structure alone (`readonly`);
* inside its own recursion a function reuses the instance whose types are alike, merging the cells;
* a function has at most `MAX_INSTANCES` instances told apart by cells, then alike ones are merged;
* and at most `MAX_SHAPES` of different structure, then all further calls from its own recursion join the last one; calls
  from elsewhere, such as one of `map` for every lambda of the program, only do so beyond `MAX_SHAPES_APART`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wasmlathe.ir.core import Block, Declaration, Function, Op, Value

from .lattice import (
    NEVER,
    Array,
    ClosureSite,
    Nominal,
    Opt,
    Pairs,
    RecordCell,
    Tuple,
    Ty,
    TypeCell,
    alike,
    join,
    merge,
    same,
    widen_bool,
)
from .readonly import ReadOnly

MAX_INSTANCES = 64
MAX_SHAPES = 48
MAX_SHAPES_APART = 256


class Instance:
    """One function analysed for one list of parameter types; its results grow until the fixpoint."""

    __slots__ = (
        "active",
        "args",
        "callers",
        "calls",
        "cells",
        "function",
        "live",
        "nominals",
        "number",
        "origin",
        "parent",
        "parts",
        "queued",
        "records",
        "result",
        "sites",
        "types",
    )

    def __init__(
        self, function: Function, args: list[Ty], parent: Instance | None, origin: Op | None, number: int
    ) -> None:
        self.function = function
        self.args = args
        #: The instance whose call made this one first, and that call (None for roots).
        self.parent = parent
        self.origin = origin
        self.number = number
        self.result: Ty = NEVER
        self.types: dict[Value, Ty] = {}
        self.live: set[Block] = set()
        self.callers: dict[Instance, None] = {}
        #: What its ops make: element types of arrays, shared variables, closures.
        self.cells: dict[Op, TypeCell] = {}
        self.sites: dict[Op, ClosureSite] = {}
        self.parts: dict[Op, tuple[TypeCell, ...]] = {}
        self.records: dict[Op, RecordCell] = {}
        self.nominals: dict[Op, Nominal] = {}
        #: The instances that a call goes to at present: by the kinds chosen for operands that may be of several, then the
        #: site number for calls of function values (0 for others).
        self.calls: dict[Op, dict[tuple[str | int, ...], Instance]] = {}
        self.queued = False
        #: Whether it is being analysed: calls that come back to it have to wait for its result.
        self.active = False

    def has_seen_arguments(self) -> bool:
        """Whether the analysis of the body has taken in the present parameter types."""
        return all(same(self.type_of(p), a) for p, a in zip(self.function.params, self.args, strict=True))

    def type_of(self, value: Value) -> Ty:
        return self.types.get(value, NEVER)

    def calls_at(self, op: Op) -> list[tuple[tuple[str | int, ...], Instance]]:
        """The instances that the call `op` goes to, by what leads there."""
        return list(self.calls[op].items()) if op in self.calls else []

    def is_inside(self, function: Function) -> bool:
        """Whether this instance was made by a call (directly or not) from an instance of `function`, or is one."""
        at: Instance | None = self
        while at is not None:
            if at.function is function:
                return True
            at = at.parent
        return False


class InstanceTable:
    """All instances, by function."""

    def __init__(
        self,
        read_only: ReadOnly,
        function: Callable[[str], Function | None],
        declaration: Callable[[str], Declaration | None],
    ) -> None:
        self.read_only = read_only
        self._function = function
        self._declaration = declaration
        self.by_function: dict[Function, list[Instance]] = {}
        self.count = 0
        #: Functions whose calls were widened, for `explain`.
        self.widened: dict[Function, None] = {}
        self.factories: dict[Function, bool] = {}

    def find(self, function: Function, args: Sequence[Ty], caller: Instance | None, origin: Op | None) -> Instance:
        """The instance for a call with these types: an existing one, perhaps with merged cells, or a new one."""
        types = [widen_bool(type_) for type_ in args]
        known = self.by_function.setdefault(function, [])
        apart = self._is_factory(function)
        for instance in known:
            if self._fits(instance, types, caller) and (
                not apart or (instance.parent is caller and instance.origin is origin)
            ):
                return instance
        twins = [i for i in known if all(alike(a, b) for a, b in zip(i.args, types, strict=True))]
        recursive = caller is not None and caller.is_inside(function)
        if twins and (recursive or len(known) >= MAX_INSTANCES):
            return _merged(twins[0], types)
        is_crowded = recursive or len(known) >= MAX_SHAPES_APART
        if not twins and is_crowded and self._shapes(known) >= MAX_SHAPES:
            self.widened.setdefault(function)
            return _joined(known[-1], types)
        self.count += 1
        instance = Instance(function, types, caller, origin, self.count)
        known.append(instance)
        return instance

    def _fits(self, instance: Instance, types: list[Ty], caller: Instance | None) -> bool:
        """Whether a call with these types can go to `instance` without any effect on the types of either."""
        return all(
            same(known, type_)
            or is_plain(known, type_, caller)
            or (_is_flat(known, type_, caller) and self.read_only.is_read_only(instance.function, i))
            for i, (known, type_) in enumerate(zip(instance.args, types, strict=True))
        )

    def _is_factory(self, function: Function) -> bool:
        found = self.factories.get(function)
        if found is None:
            self.factories[function] = False
            found = self.factories[function] = self._returns_new_object(function)
        return found

    def _returns_new_object(self, function: Function) -> bool:
        """True for a function that returns an array, record or closure it makes: then every call makes another one."""
        for block in function.blocks:
            if block.ops and block.terminator.name == "ret":
                maker = block.terminator.operands[0].op
                if maker is not None and self._makes(maker):
                    return True
        return False

    def _makes(self, maker: Op) -> bool:
        if maker.name == "dyn.intrinsic":
            return maker.attrs["name"] in _MAKING_INTRINSICS
        if maker.name == "dyn.call":
            callee = self._function(maker.attrs["callee"])
            return callee is not None and self._is_factory(callee)
        if maker.name == "dyn.construct":
            declaration = self._declaration(maker.attrs["type"])
            return declaration is not None and not declaration.is_sum and bool(declaration.params)
        return maker.name in _MAKERS

    def _shapes(self, known: list[Instance]) -> int:
        """How many instances differ in structure (counted only once there are enough to matter)."""
        if len(known) < MAX_SHAPES:
            return 0
        shapes: list[Instance] = []
        for instance in known:
            if not any(all(alike(a, b) for a, b in zip(s.args, instance.args, strict=True)) for s in shapes):
                shapes.append(instance)
        return len(shapes)


_MAKERS = frozenset({"dyn.array", "dyn.closure", "dyn.cell_new", "dyn.cell_empty", "dyn.record"})
_MAKING_INTRINSICS = frozenset({"array_new", "array_like"})


def is_plain(known: Ty, type_: Ty, caller: Instance | None, assumed: Pairs | None = None) -> bool:
    """Whether both are tuples or sums of the same plain parts, which nobody can change.

    `caller` is looked at again when those grow.
    """
    if caller is None or type(known) is not type(type_):
        return False
    assumed = set() if assumed is None else assumed
    if isinstance(known, Opt) and isinstance(type_, Opt):
        return same(known.payload, type_.payload) or is_plain(known.payload, type_.payload, caller, assumed)
    if isinstance(known, Tuple) and isinstance(type_, Tuple):
        return len(known.cells) == len(type_.cells) and _same_parts(known, type_, caller, assumed)
    if isinstance(known, Nominal) and isinstance(type_, Nominal):
        alike_types = known.declaration is type_.declaration and known.declaration.is_sum
        return alike_types and _same_parts(known, type_, caller, assumed)
    return False


def _same_parts(known: Tuple | Nominal, type_: Tuple | Nominal, caller: Instance, assumed: Pairs) -> bool:
    for a, b in zip(known.cells, type_.cells, strict=True):
        pair = (id(a), id(b))
        if a is b or pair in assumed:
            continue
        assumed.add(pair)
        ours, theirs = a.read(caller), b.read(caller)
        if not same(ours, theirs) and not is_plain(ours, theirs, caller, assumed):
            return False
    return True


def _is_flat(known: Ty, type_: Ty, caller: Instance | None) -> bool:
    """Whether both are arrays of the same plain elements; `caller` is looked at again when those grow."""
    if not isinstance(known, Array) or not isinstance(type_, Array) or known.name != type_.name or caller is None:
        return False
    content = type_.cell.read(caller)
    return content is not NEVER and type(content) is Ty and known.cell.read(caller) is content


def _merged(instance: Instance, types: list[Ty]) -> Instance:
    for a, b in zip(instance.args, types, strict=True):
        merge(a, b)
    return instance


def _joined(instance: Instance, types: list[Ty]) -> Instance:
    instance.args = [join(a, b) for a, b in zip(instance.args, types, strict=True)]
    return instance
