"""The fixpoint: abstract interpretation of HIR over all instances that the program's roots reach.

Instances wait in a queue. Analysing one goes over its reachable blocks, block by block, joining the types of values
until nothing in it changes; a branch whose condition is known follows one side only, so code that never runs is never
typed. When the result of an instance or the content of a type cell grows, those that looked at it are queued again.
All types only grow and cells are finite in number, so the queue runs empty; `MAX_STEPS` guards against our own errors.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from wasmlathe.frontend.tova import library
from wasmlathe.ir.core import Block, Declaration, Function, Module, Op, Value
from wasmlathe.passes.analysis.cfg import cfg

from .annotations import declared_scalar
from .choices import CallFunction, CallSites, Problem, Split, TryCall, Typed
from .instances import Instance, InstanceTable
from .lattice import (
    FALSE,
    FLOAT,
    INT,
    NEVER,
    TRUE,
    ClosureSite,
    FixedCell,
    Nominal,
    RecordCell,
    Ty,
    TypeCell,
    TypedArray,
    join,
    same,
    union_key,
    union_members,
)
from .readonly import ReadOnly
from .resolve import choose, strip
from .rules_data import is_open

#: The kinds chosen for operands that may be of several.
Path = tuple[str, ...]

MAX_STEPS = 3_000_000
#: How deeply callees are analysed in the middle of their callers.
MAX_DEPTH = 200


class TooManySteps(Exception):
    """The fixpoint did not come; `function` is the one that was analysed last."""

    def __init__(self, function: str) -> None:
        super().__init__(function)
        self.function = function


class Flow:
    """The analysis of one program. It is the `Context` of the rules while it analyses an instance."""

    def __init__(self, module: Module, library: Callable[[str], Function | None]) -> None:
        self.module = module
        self.library = library
        self.table = InstanceTable(ReadOnly(self.function), self.function, self.declaration)
        self.globals: dict[str, TypeCell] = {}
        self.typed_arrays: dict[str, TypedArray] = {}
        #: Functions that inference has written itself.
        self.written: dict[str, Function] = {}
        self.shared_cells: dict[Declaration, dict[int, TypeCell]] = {}
        self.queue: deque[Instance] = deque()
        self.orders: dict[Function, list[Block]] = {}
        self.current: Instance | None = None
        self.site_count = 0
        self.depth = 0
        self.steps = 0

    # --- the queue ---------------------------------------------------------------------------------------------------

    def add_root(self, function: Function, args: Sequence[Ty]) -> Instance:
        """Analyse `function` for these parameter types even if nothing calls it."""
        instance = self.table.find(function, args, None, None)
        self.enqueue(instance)
        return instance

    def enqueue(self, instance: Instance) -> None:
        if not instance.queued:
            instance.queued = True
            self.queue.append(instance)

    def run(self) -> None:
        """Analyse until nothing changes. Raises TooManySteps."""
        while self.queue:
            instance = self.queue.popleft()
            instance.queued = False
            self.analyse(instance)

    def _visit(self, callee: Instance) -> None:
        """Analyse a callee at once, so that its caller goes on with its result; later, where calls nest too deeply."""
        if self.depth == MAX_DEPTH or callee.active:
            self.enqueue(callee)
            return
        caller = self.current
        self.depth += 1
        self.analyse(callee)
        self.depth -= 1
        self.current = caller

    def analyse(self, instance: Instance) -> None:
        """Bring what is known of an instance up to date with what it looks at."""
        self.current = instance
        instance.active = True
        changed = self._join_parameters(instance)
        instance.live.add(instance.function.entry)
        order = self._order(instance.function)
        first = True
        while changed or first:
            changed, first = False, False
            for block in order:
                if block in instance.live:
                    changed |= self._block(instance, block)
        instance.active = False
        self.current = None

    def _order(self, function: Function) -> list[Block]:
        order = self.orders.get(function)
        if order is None:
            order = self.orders[function] = list(cfg(function).order)
        return order

    def _join_parameters(self, instance: Instance) -> bool:
        changed = False
        for param, type_ in zip(instance.function.params, instance.args, strict=True):
            changed |= self._grow(instance, param, type_)
        return changed

    def _grow(self, instance: Instance, value: Value, type_: Ty) -> bool:
        old = instance.types.get(value, NEVER)
        new = join(old, type_)
        if same(old, new):
            return False
        instance.types[value] = new
        return True

    # --- one block ---------------------------------------------------------------------------------------------------

    def _block(self, instance: Instance, block: Block) -> bool:
        changed = False
        for op in block.ops:
            if op.row.terminator:
                return self._terminator(instance, op) or changed
            types = [instance.type_of(v) for v in op.operands]
            if NEVER in types:
                return changed  # an operand has no value yet, or never will
            result = self.result_type(instance, op, types)
            if op.results:
                changed |= self._grow(instance, op.results[0], result)
                if instance.types.get(op.results[0], NEVER) is NEVER:
                    return changed
            elif result is NEVER:
                return changed
        return changed

    def result_type(self, instance: Instance, op: Op, types: Sequence[Ty], path: Path = ()) -> Ty:
        """The type that `op` has for operands of these types; Never if it does not come back.

        `path` says which kinds were chosen for operands that may be of several.
        """
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise TooManySteps(instance.function.source_name)
        if not path:
            instance.calls.pop(op, None)  # what it called for smaller types may no longer be called
        choice = choose(op, types, self)
        if isinstance(choice, Typed):
            return choice.result
        if isinstance(choice, Problem):
            return NEVER
        if isinstance(choice, Split):
            result: Ty = NEVER
            for member in union_members(types[choice.index]):
                alone = [member if i == choice.index else type_ for i, type_ in enumerate(types)]
                result = join(result, self.result_type(instance, op, alone, (*path, union_key(member))))
            return result
        result = self.call_result(instance, op, strip(op, types), choice, path)
        return INT if isinstance(choice, TryCall) else result

    def call_result(
        self, instance: Instance, op: Op, types: Sequence[Ty], choice: CallFunction | CallSites, path: Path
    ) -> Ty:
        result: Ty = NEVER
        for number, function, args in self.callees(op, types, choice):
            callee = self.table.find(function, args, instance, op)
            instance.calls.setdefault(op, {})[(*path, number)] = callee
            callee.callers.setdefault(instance)
            if not callee.live or not callee.has_seen_arguments():
                self._visit(callee)
            result = join(result, callee.result)
        return result

    def callees(
        self, op: Op, types: Sequence[Ty], choice: CallFunction | CallSites
    ) -> list[tuple[int, Function, list[Ty]]]:
        """What a call may call: the number of the site (0 for a known function), the function and its arguments."""
        if isinstance(choice, CallFunction):
            function = self.function(choice.name)
            assert function is not None  # the rule has looked it up
            return [(0, function, [types[i] for i in choice.operands])]
        found = []
        for site, name, operands in choice.calls:
            function = self.function(name)
            assert function is not None
            captured = [self.read(cell) for cell in site.captures]
            if NEVER not in captured:
                found.append((site.number, function, [*captured, *(types[i] for i in operands)]))
        return found

    def _terminator(self, instance: Instance, op: Op) -> bool:
        if op.name == "ret":
            return self._return(instance, instance.type_of(op.operands[0]))
        targets = op.targets
        if op.name == "cond_br":
            condition = instance.type_of(op.operands[0])
            if condition is NEVER:
                return False
            targets = targets[:1] if condition is TRUE else targets[1:] if condition is FALSE else targets
        changed = False
        for target in targets:
            if target.block not in instance.live:
                instance.live.add(target.block)
                changed = True
            for param, arg in zip(target.block.params, target.args, strict=True):
                changed |= self._grow(instance, param, instance.type_of(arg))
        return changed

    def _return(self, instance: Instance, type_: Ty) -> bool:
        joined = join(instance.result, type_)
        if not same(joined, instance.result):
            instance.result = joined
            for caller in instance.callers:
                self.enqueue(caller)
        return False

    # --- the context of the rules ------------------------------------------------------------------------------------

    def _instance(self) -> Instance:
        assert self.current is not None
        return self.current

    def new_cell(self) -> TypeCell:
        return TypeCell(self.enqueue)

    def cell_of(self, op: Op) -> TypeCell:
        cells = self._instance().cells
        if op not in cells:
            cells[op] = self.new_cell()
        return cells[op]

    def site_of(self, op: Op, function: Function, captures: int) -> ClosureSite:
        sites = self._instance().sites
        if op not in sites:
            self.site_count += 1
            sites[op] = ClosureSite(function, self.site_count, [self.new_cell() for _ in range(captures)])
        return sites[op]

    def cells_of(self, op: Op, count: int) -> tuple[TypeCell, ...]:
        parts = self._instance().parts
        if op not in parts:
            parts[op] = tuple(self.new_cell() for _ in range(count))
        return parts[op]

    def record_of(self, op: Op, keys: list[str]) -> RecordCell:
        records = self._instance().records
        if op not in records:
            records[op] = RecordCell(self.enqueue, {key: self.new_cell() for key in keys})
        return records[op]

    def nominal_of(self, op: Op, declaration: Declaration) -> Nominal:
        nominals = self._instance().nominals
        if op not in nominals:
            nominals[op] = self.new_nominal(declaration)
        return nominals[op]

    def new_nominal(self, declaration: Declaration) -> Nominal:
        """A type of values made in one place: fields whose declared types leave nothing open share their cells with all."""
        shared = self.shared_cells.setdefault(declaration, {})
        cells = []
        for number, (_, text) in enumerate(field for case in declaration.cases for field in case.fields):
            if is_open(declaration, text):
                cells.append(self.new_cell())
                continue
            if number not in shared:
                shared[number] = self.new_cell()
                assert text is not None  # such a field is open
                shared[number].grow(declared_scalar(text))
            cells.append(shared[number])
        return Nominal(declaration, tuple(cells))

    def typed_array(self, storage: str) -> TypedArray:
        if storage not in self.typed_arrays:
            self.typed_arrays[storage] = TypedArray(storage, FixedCell(FLOAT if storage in ("f32", "f64") else INT))
        return self.typed_arrays[storage]

    def declaration(self, name: str) -> Declaration | None:
        return self.module.declarations.get(name) or (
            library.declaration(name) if hasattr(library, "declaration") else None
        )

    def synthesized(self, name: str, make: Callable[[], Function]) -> str:
        if name not in self.written:
            self.written[name] = make()
        return name

    def read_record(self, cell: RecordCell) -> dict[str, TypeCell] | None:
        return cell.find().read(self._instance())

    def global_cell(self, name: str) -> TypeCell:
        if name not in self.globals:
            self.globals[name] = self.new_cell()
        return self.globals[name]

    def read(self, cell: TypeCell) -> Ty:
        return cell.read(self._instance())

    def function(self, name: str) -> Function | None:
        return self.module.functions.get(name) or self.written.get(name) or self.library(name)
