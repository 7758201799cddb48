"""From the fixpoint to typed IR: one typed function for every class of instances that are alike.

Two instances of a function are alike when all their values have types of the same structure and their calls go to
instances that are alike: the coarsest such partition is found by refinement (Hopcroft's idea, without his speed).
"""

from __future__ import annotations

from collections.abc import Sequence

from wasmlathe.diagnostics import Diagnostics, SourceFile, Span
from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Block, Function, Loc, Module, Op, Target, Value
from wasmlathe.passes.edit import remove_unreachable

from .choices import CallFunction, CallSites, Choice, Problem, Split, TryCall, Typed
from .emit import Emitter
from .flow import Flow, Path
from .instances import Instance
from .kind_notes import KindNotes
from .lattice import (
    FALSE,
    INT,
    NEVER,
    NIL,
    TRUE,
    Array,
    Func,
    Nominal,
    Opt,
    Record,
    RecordCell,
    Shared,
    Tuple,
    Ty,
    TypeCell,
    Union,
    union_key,
    union_members,
)
from .representation import NoRepresentation, ir_type
from .resolve import choose, plain, strict_operands

Seen = dict[object, int]


def shape(type_: Ty, seen: Seen | None = None) -> str:
    """The structure of a type as a text: equal for types that are alike.

    A cell is written out where it is first met, later ones are its number (`seen`).
    """
    seen = {} if seen is None else seen
    if isinstance(type_, Array | Shared):
        return f"{type_.name}[{_cell_shape(type_.cell, seen)}]"
    if isinstance(type_, Opt):
        return f"?{shape(type_.payload, seen)}"
    if isinstance(type_, Tuple | Nominal):
        return f"{union_key(type_)}{[_cell_shape(cell, seen) for cell in type_.cells]}"
    if isinstance(type_, Record):
        return _record_shape(type_.cell, seen)
    if isinstance(type_, Union):
        return f"<{' '.join(shape(member, seen) for member in type_.members.values())}>"
    if isinstance(type_, Func):
        return f"f{sorted(site.number for site in type_.sites)}"
    return type_.name


def _cell_shape(cell: TypeCell, seen: Seen) -> str:
    if type(cell.type) is Ty:
        return cell.type.name
    if cell in seen:
        return f"^{seen[cell]}"
    seen[cell] = len(seen)
    return shape(cell.type, seen)


def _record_shape(cell: RecordCell, seen: Seen) -> str:
    if cell in seen:
        return f"^{seen[cell]}"
    seen[cell] = len(seen)
    if cell.fields is None:
        return shape(cell.dictionary, seen)
    return str({key: _cell_shape(part.find(), seen) for key, part in cell.fields.items()})


class Classes:
    """The partition of the reachable instances into classes that share a typed function."""

    def __init__(self, roots: list[Instance]) -> None:
        self.members = _reachable(roots)
        self.of: dict[Instance, int] = {}
        keys: dict[Instance, tuple[object, ...]] = {i: self._structure(i) for i in self.members}
        self._number(keys)
        while True:
            before = len(set(self.of.values()))
            self._number({i: (self.of[i], *self._callees(i)) for i in self.members})
            if len(set(self.of.values())) == before:
                break
        #: The first instance of every class stands for it.
        self.representatives: dict[int, Instance] = {}
        for instance in self.members:
            self.representatives.setdefault(self.of[instance], instance)

    def _structure(self, instance: Instance) -> tuple[object, ...]:
        types = instance.types
        shapes = [shape(types[v]) if v in types else "" for v in _values(instance.function)]
        own = [shape(cell.type) for cell in instance.cells.values()]
        own += [shape(cell.type) for parts in instance.parts.values() for cell in parts]
        own += [shape(type_) for type_ in instance.nominals.values()]
        own += [_record_shape(cell.find(), {}) for cell in instance.records.values()]
        sites = [site.number for site in instance.sites.values()]
        return (instance.function, shape(instance.result), *shapes, "|", *own, "|", *sites)

    def _callees(self, instance: Instance) -> list[object]:
        found: list[object] = []
        for block in instance.function.blocks:
            for op in block.ops:
                found.extend((number, self.of[c]) for number, c in instance.calls_at(op) if c in self.of)
        return found

    def _number(self, keys: dict[Instance, tuple[object, ...]]) -> None:
        numbers: dict[tuple[object, ...], int] = {}
        for instance, key in keys.items():
            self.of[instance] = numbers.setdefault(key, len(numbers))


def _values(function: Function) -> list[Value]:
    found: list[Value] = []
    for block in function.blocks:
        found.extend(block.params)
        for op in block.ops:
            found.extend(op.results)
    return found


def _reachable(roots: list[Instance]) -> list[Instance]:
    """Instances that calls in live code lead to, in order of first call."""
    seen: dict[Instance, None] = dict.fromkeys(roots)
    pending = list(roots)
    while pending:
        instance = pending.pop(0)
        for block in instance.function.blocks:
            if block in instance.live:
                for op in block.ops:
                    for _, callee in instance.calls_at(op):
                        if callee not in seen:
                            seen[callee] = None
                            pending.append(callee)
    return list(seen)


class Program:
    """The typed module being built."""

    def __init__(
        self,
        flow: Flow,
        module: Module,
        classes: Classes,
        files: dict[str, SourceFile],
        diagnostics: Diagnostics,
        note_kinds: bool,
    ) -> None:
        self.flow = flow
        self.module = module
        self.classes = classes
        self.files = files
        self.diagnostics = diagnostics
        self.note_kinds = note_kinds
        self.reported: set[tuple[str, Loc | None]] = set()
        #: Closures of other sites are made by nobody in the end: an early step of the analysis had called their makers.
        self.made_sites = {site.number for instance in classes.members for site in instance.sites.values()}
        self.names: dict[int, str] = {}
        self.checked_globals = frozenset(
            op.attrs["name"]
            for instance in classes.members
            for op in instance.function.ops()
            if op.name == "dyn.global_get" and op.attrs["checked"]
        )
        taken: set[str] = set()
        for number, instance in classes.representatives.items():
            name = candidate = instance.function.name
            suffix = 1
            while name in taken:
                suffix += 1
                name = f"{candidate}.{suffix}"
            taken.add(name)
            self.names[number] = name

    def name_of(self, instance: Instance) -> str:
        return self.names[self.classes.of[instance]]

    def is_users(self, function: Function) -> bool:
        """True for HIR functions of the program, False for the library's."""
        return function.loc is None or function.loc.file in self.files

    def report(self, problem: Problem, loc: Loc | None) -> None:
        key = (problem.message, loc)
        if key not in self.reported:
            self.reported.add(key)
            self.diagnostics.error(problem.code, problem.message, self.span(loc), problem.hint)

    def span(self, loc: Loc | None) -> Span | None:
        source = self.files.get(loc.file) if loc is not None else None
        if loc is None or source is None:
            return None
        start = source.line_starts[loc.line - 1] + loc.col - 1
        return Span(source, start, start + loc.length)

    def user_loc(self, instance: Instance, loc: Loc | None) -> Loc | None:
        """A place in the user's program: where library code was called from, for problems inside of it."""
        at: Instance | None = instance
        while loc is not None and loc.file not in self.files and at is not None:
            loc = at.origin.loc if at.origin is not None else None
            at = at.parent
        return loc


class FunctionBuilder:
    """Builds the typed function of one instance."""

    def __init__(self, program: Program, instance: Instance, is_entry: bool) -> None:
        self.program = program
        self.instance = instance
        self.is_entry = is_entry
        hir = instance.function
        result = instance.result
        if result is NEVER or result is NIL or (is_entry and result is not INT):
            results: tuple[t.Type, ...] = ()
        else:
            results = (ir_type(result),)
        params = [ir_type(type_) for type_ in instance.args]
        self.has_places = program.is_users(hir)
        self.notes = KindNotes(program.note_kinds and self.has_places)
        self.function = Function(program.name_of(instance), params, results, hir.loc if self.has_places else None)
        self.function.source_name = hir.source_name
        if "inline" in hir.attrs:
            self.function.attrs["inline"] = hir.attrs["inline"]
        program.module.add(self.function)
        self.blocks: dict[Block, Block] = {}
        self.values: dict[Value, Value] = {}
        self.emitter: Emitter

    def build(self) -> None:
        live = [b for b in self.instance.function.blocks if b in self.instance.live]
        for block in live:
            self._declare_block(block)
        for block in live:
            self.emitter = Emitter(self.program.module, Builder(self.blocks[block]), self.program.checked_globals)
            self._fill(block)
        remove_unreachable(self.function)

    def _declare_block(self, block: Block) -> None:
        typed = self.blocks[block] = self.function.add_block(block.name)
        typed.cold = block.cold
        for param in block.params:
            type_ = self.instance.type_of(param)
            if type_ is not NEVER:
                self.values[param] = typed.add_param(self._representation(type_, block), param.name)

    def _representation(self, type_: Ty, block: Block) -> t.Type:
        try:
            return ir_type(type_)
        except NoRepresentation as problem:
            loc = next((op.loc for op in block.ops if op.loc is not None), None)
            self._report(Problem("E0400", f"not supported yet: {problem.why}"), loc)
            return t.I64

    def _report(self, problem: Problem, loc: Loc | None) -> None:
        self.program.report(problem, self.program.user_loc(self.instance, loc))

    def _value(self, value: Value) -> Value:
        known = self.values.get(value)
        return known if known is not None else self.emitter.nil()

    def _fill(self, block: Block) -> None:
        for op in block.ops:
            # Library code has no place of its own: what goes wrong there is told at the user's call.
            self.emitter.builder.loc = op.loc if self.has_places else None
            if op.row.terminator:
                self._terminator(op)
                return
            types = [self.instance.type_of(v) for v in op.operands]
            goes_on = NEVER not in types and self._op(op, types)
            if self._is_terminated():
                return
            if not goes_on:
                self.emitter.unreachable()
                return

    def _is_terminated(self) -> bool:
        ops = self.emitter.builder.block.ops
        return bool(ops) and ops[-1].row.terminator

    def _op(self, op: Op, types: list[Ty]) -> bool:
        """Emit `op`; False if what follows is never reached."""
        choice = choose(op, types, self.program.flow)
        if isinstance(choice, Problem):
            self._fail(op, choice, types)
            return False
        operands = self._operands(op, types)
        types = [plain(y) if i in strict_operands(op) else y for i, y in enumerate(types)]
        try:
            given, value = self._emit(op, choice, operands, types, ())
        except NoRepresentation as problem:
            self._report(Problem("E0400", f"not supported yet: {problem.why}"), op.loc)
            return False
        if not op.results:
            return given is not NEVER
        wanted = self.instance.type_of(op.results[0])
        if given is NEVER or wanted is NEVER:
            return False
        if value is not None or wanted is not NIL:
            self._define(op.results[0], value, given, wanted)
        return True

    def _define(self, result: Value, value: Value | None, given: Ty, wanted: Ty) -> None:
        typed = self.emitter.convert(value if value is not None else self.emitter.nil(), given, wanted)
        if typed.name is None and typed not in self.function.params:
            typed.name = result.name
        self.values[result] = typed

    def _fail(self, op: Op, problem: Problem, types: Sequence[Ty]) -> None:
        """An error now, or a panic when the program comes here if values of several kinds have led to it."""
        in_library = not self.has_places and any(isinstance(type_, Union) for type_ in self.instance.args)
        if in_library or any(isinstance(type_, Union) for type_ in types):
            self.emitter.builder.panic(problem.message)
        else:
            self._problem(op, problem)

    def _problem(self, op: Op, problem: Problem) -> None:
        loc = op.loc
        if problem.code == "E0100" and op.attrs.get("role") == "parameter" and self.instance.origin is not None:
            loc = self.instance.origin.loc
        self._report(problem, loc)

    def _operands(self, op: Op, types: list[Ty]) -> list[Value]:
        """The typed operands; those that must not be nil are tested."""
        strict = strict_operands(op)
        values = []
        for number, (operand, type_) in enumerate(zip(op.operands, types, strict=True)):
            value = self._value(operand)
            values.append(self.emitter.unwrap(value) if number in strict and isinstance(type_, Opt) else value)
        return values

    def _emit(
        self,
        op: Op,
        choice: Typed | CallFunction | CallSites | Split,
        operands: list[Value],
        types: list[Ty],
        path: Path,
    ) -> tuple[Ty, Value | None]:
        """Emit the choice; the type of its result and the result."""
        if isinstance(choice, Split):
            return self._emit_split(op, choice.index, operands, types, path)
        if isinstance(choice, Typed):
            wanted = [
                self.emitter.convert(v, given, want)
                for v, given, want in zip(operands, types, choice.wants, strict=False)
            ]
            value = choice.emit(self.emitter, wanted)
            if types:
                self.notes.narrowed(self.emitter, op, types[0], choice.result)
            return choice.result, value
        if isinstance(choice, CallFunction):
            callee = self.instance.calls[op][(*path, 0)]
            args = [(operands[i], types[i]) for i in choice.operands]
            if not self.program.is_users(callee.function):
                self.notes.before_call(self.emitter, callee.function.source_name, args)
            if isinstance(choice, TryCall):
                return INT, self._try_call(callee, args)
            return callee.result, self._call(callee, args)
        return self._call_sites(op, choice, operands, types, path)

    def _emit_split(
        self, op: Op, index: int, operands: list[Value], types: list[Ty], path: Path
    ) -> tuple[Ty, Value | None]:
        """One way for every kind that operand `index` may be; kinds for which the op has no meaning panic."""
        kinds = types[index]
        members = union_members(kinds)
        choices: list[Choice] = []
        for member in members:
            alone = [member if i == index else type_ for i, type_ in enumerate(types)]
            choices.append(choose(op, alone, self.program.flow))
        problems = [choice for choice in choices if isinstance(choice, Problem)]
        if len(problems) == len(members):
            self._fail(op, problems[0], types)
            return NEVER, None
        wanted = self.instance.type_of(op.results[0]) if op.results else NIL
        builder, function = self.emitter.builder, self.function
        tests = builder.block
        done = function.add_block("done")
        result = None if wanted in (NEVER, NIL) else done.add_param(self._result_type(op, wanted))
        subject = operands[index]
        last = len(members) - 1
        for number, (member, choice) in enumerate(zip(members, choices, strict=True)):
            here = function.add_block("kind")
            builder.at_end(tests)
            if number == last:
                builder.br(here)
            else:
                tests = function.add_block("test")
                builder.cond_br(self.emitter.is_member(kinds, subject, member), here, tests)
            builder.at_end(here)
            self.notes.at_member(self.emitter, op, index, member)
            if isinstance(choice, Problem):
                here.cold = True
                builder.panic("unexpected nil" if member is NIL else choice.message)
                continue
            alone = [member if i == index else type_ for i, type_ in enumerate(types)]
            values = list(operands)
            values[index] = self.emitter.member(kinds, subject, member)
            given, value = self._emit(op, choice, values, alone, (*path, union_key(member)))
            if self._is_terminated():
                continue
            if given is NEVER and op.results:
                self.emitter.unreachable()
            elif result is None:
                builder.br(done)
            else:
                plain_value = value if value is not None else self.emitter.nil()
                builder.br(done, self.emitter.convert(plain_value, given, wanted))
        builder.at_end(done)
        return wanted, result

    def _result_type(self, op: Op, wanted: Ty) -> t.Type:
        return t.BOOL if op.results[0].type is t.BOOL else ir_type(wanted)

    def _arguments(self, callee: Instance, args: list[tuple[Value, Ty]]) -> list[Value]:
        """The arguments of a call as the callee's typed function wants them."""
        target = self.program.classes.representatives[self.program.classes.of[callee]]
        return [self.emitter.convert(v, given, want) for (v, given), want in zip(args, target.args, strict=True)]

    def _try_call(self, callee: Instance, args: list[tuple[Value, Ty]]) -> Value:
        values = self._arguments(callee, args)
        return self.emitter.builder.emit("data.try_call", values, callee=self.program.name_of(callee)).results[0]

    def _call(self, callee: Instance, args: list[tuple[Value, Ty]]) -> Value | None:
        values = self._arguments(callee, args)
        results = () if callee.result in (NEVER, NIL) else (ir_type(callee.result),)
        call = self.emitter.builder.call(self.program.name_of(callee), values, results)
        return call.results[0] if results else None

    def _call_sites(
        self, op: Op, choice: CallSites, operands: list[Value], types: list[Ty], path: Path
    ) -> tuple[Ty, Value | None]:
        """One direct call per place the function value may come from, chosen by the tag of its closure."""
        wanted = self.instance.type_of(op.results[0])
        known = self.instance.calls.get(op, {})
        made = self.program.made_sites
        calls = [c for c in choice.calls if c[0].number in made and (*path, c[0].number) in known]
        if not calls:
            return NEVER, None
        if len(calls) == 1:
            callee = known[(*path, calls[0][0].number)]
            return callee.result, self._call_closure(callee, calls[0], operands, types)
        builder = self.emitter.builder
        tag = self.emitter.op("data.closure_tag", operands[0])
        function = self.function
        blocks = [function.add_block("closure") for _ in calls]
        wrong, done = function.add_block("unknown"), function.add_block("called")
        wrong.cold = True
        cases = [site.number for site, _, _ in calls]
        builder.emit("switch", (tag,), (), [Target(b) for b in (*blocks, wrong)], cases=cases)
        builder.at_end(wrong)
        self.emitter.unreachable()
        result = None if wanted in (NEVER, NIL) else done.add_param(ir_type(wanted))
        for block, call in zip(blocks, calls, strict=True):
            builder.at_end(block)
            callee = known[(*path, call[0].number)]
            value = self._call_closure(callee, call, operands, types)
            if callee.result is NEVER:
                self.emitter.unreachable()
            elif result is None:
                builder.br(done)
            else:
                plain = value if value is not None else self.emitter.nil()
                builder.br(done, self.emitter.convert(plain, callee.result, wanted))
        builder.at_end(done)
        return wanted, result

    def _call_closure(
        self, callee: Instance, call: tuple[object, str, list[int]], operands: list[Value], types: list[Ty]
    ) -> Value | None:
        site, _, numbers = call
        captured = [
            (self.emitter.capture(operands[0], site, index, cell.type), cell.type)  # type: ignore[arg-type]
            for index, cell in enumerate(site.captures)  # type: ignore[attr-defined]
        ]
        return self._call(callee, [*captured, *((operands[i], types[i]) for i in numbers)])

    # --- control flow ------------------------------------------------------------------------------------------------

    def _terminator(self, op: Op) -> None:
        builder = self.emitter.builder
        if op.name == "ret":
            self._return(op)
        elif op.name == "cond_br":
            self._branch(op)
        elif op.name == "br":
            builder.emit("br", (), (), [self._target(op.targets[0])])
        elif op.name == "dyn.rethrow":
            builder.emit("data.rethrow", [self._value(v) for v in op.operands], ())
        else:
            builder.emit(op.row, (), (), None, **op.attrs)

    def _return(self, op: Op) -> None:
        given = self.instance.type_of(op.operands[0])
        if given is NEVER:
            self.emitter.unreachable()
        elif not self.function.results:
            self.emitter.builder.ret()
        else:
            value = self._value(op.operands[0])
            self.emitter.builder.ret(self.emitter.convert(value, given, self.instance.result))

    def _branch(self, op: Op) -> None:
        condition = self.instance.type_of(op.operands[0])
        if condition is NEVER:
            self.emitter.unreachable()
        elif condition is TRUE or condition is FALSE:
            self.emitter.builder.emit("br", (), (), [self._target(op.targets[condition is FALSE])])
        else:
            value = self._value(op.operands[0])
            targets = [self._target(target) for target in op.targets]
            self.emitter.builder.emit("cond_br", (value,), (), targets)

    def _target(self, target: Target) -> Target:
        args = []
        for param, arg in zip(target.block.params, target.args, strict=True):
            wanted = self.instance.type_of(param)
            if wanted is not NEVER:
                args.append(self.emitter.convert(self._value(arg), self.instance.type_of(arg), wanted))
        return Target(self.blocks[target.block], args)
