"""The verifier: every rule of the IR, each violation as a sentence that names function, block and op.

    verify(module)      =>      [function @f, block ^b, op `%x: i64 = i64.add %a, %c`: operand 1 is f64, not i64]

It runs after every pass in tests and on the work of every foreign pass, so the path of valid IR is short: signatures are
looked up by operand types, and dominance is one walk of the dominator tree with the set of values defined above.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..diagnostics import nearest
from ..passes.analysis.dominators import dominators
from . import types as t
from .core import STAGES, Block, Closure, DataSegment, Declaration, Function, Global, Layout, Module, Op, Value
from .ops import STAGE_FAMILIES, OpRow
from .print import HEADER_KEYS, block_text, is_printable, op_text
from .signature import SignatureError, result_types

_SCALARS = frozenset(t.SCALARS)
_INLINE = ("always", "never")


@dataclass(frozen=True, slots=True)
class Problem:
    """One violated rule: where (as precisely as known), what, and what may have been meant."""

    message: str
    place: str
    function: Function | None = None
    block: Block | None = None
    op: Op | None = None
    hint: str | None = None
    declared: Global | DataSegment | Closure | Layout | Declaration | None = None

    @property
    def subjects(self) -> tuple[object, ...]:
        """What the problem is about, the most precise first."""
        return tuple(x for x in (self.op, self.block, self.function, self.declared) if x is not None)

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class InvalidIR(Exception):
    """The module breaks rules of the IR; `problems` says which."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def verify(module: Module, stage: str | None = None) -> list[Problem]:
    """All violations of the rules of `stage` (the module's own if not given); empty for valid IR."""
    problems = list(_module_problems(module))
    for function in module.functions.values():
        problems += verify_function(function, stage or module.stage)
    return problems


def verify_or_raise(module: Module, stage: str | None = None) -> None:
    """Raises InvalidIR when the module breaks a rule."""
    problems = verify(module, stage)
    if problems:
        raise InvalidIR(problems)


def verify_function(function: Function, stage: str | None = None) -> list[Problem]:
    """All violations within one function of a module."""
    check = _FunctionCheck(function, stage or function.module.stage)
    check.run()
    return check.problems


def _module_problems(module: Module) -> Iterator[Problem]:
    if module.stage not in STAGES:
        yield Problem(f"the stage {module.stage!r} is none of {', '.join(STAGES)}", "module")
    for kind, items in (
        ("function", module.functions),
        ("global", module.globals),
        ("data", module.data),
        ("closure", module.closures),
        ("layout", module.layouts),
        ("type", module.declarations),
    ):
        for key, item in items.items():
            if item.name != key:
                yield Problem(f"is filed under the name @{key}", f"{kind} @{item.name}")
    exports: dict[str, str] = {}
    for function in module.functions.values():
        if getattr(function, "module", None) is not module:
            yield Problem("its `module` is another module", f"function @{function.name}", function)
        if function.exported is not None and exports.setdefault(function.exported, function.name) != function.name:
            message = f"exported as {function.exported!r}, as @{exports[function.exported]} is"
            yield Problem(message, f"function @{function.name}", function)
    yield from _global_problems(module)
    yield from _data_problems(module)
    yield from _closure_problems(module)
    yield from _declaration_problems(module)


_INIT_KINDS: dict[t.Type, type] = {t.I32: int, t.I64: int, t.F64: float, t.BOOL: bool}


def _global_problems(module: Module) -> Iterator[Problem]:
    for variable in module.globals.values():
        place = f"global @{variable.name}"
        kind = _INIT_KINDS.get(variable.type)
        if kind is not None and type(variable.init) is not kind:
            yield Problem(f"starts as {variable.init!r}, which is no {variable.type}", place, declared=variable)
        elif not is_printable(variable.init):
            yield Problem(f"starts as {variable.init!r}, which has no textual form", place, declared=variable)


def _data_problems(module: Module) -> Iterator[Problem]:
    for segment in module.data.values():
        place, size_bytes = f"data @{segment.name}", len(segment.content)
        if segment.align < 1 or segment.align & (segment.align - 1):
            yield Problem(f"the alignment {segment.align} is no power of two", place, declared=segment)
        for offset, name, _ in segment.relocations:
            if name not in module.data:
                yield Problem(f"refers to @{name}, which is no data of the module", place, declared=segment)
            if not 0 <= offset <= size_bytes - 4:
                message = f"the address at {offset} lies outside of its {size_bytes} bytes"
                yield Problem(message, place, declared=segment)


def _closure_problems(module: Module) -> Iterator[Problem]:
    tags: dict[int, str] = {}
    for closure in module.closures.values():
        other = tags.setdefault(closure.tag, closure.name)
        if other != closure.name:
            yield Problem(f"has tag {closure.tag}, as @{other} has", f"closure @{closure.name}", declared=closure)


def _declaration_problems(module: Module) -> Iterator[Problem]:
    for declaration in module.declarations.values():
        place = f"type @{declaration.name}"
        if not declaration.is_sum and len(declaration.cases) != 1:
            message = f"is a record, which has one case, not {len(declaration.cases)}"
            yield Problem(message, place, declared=declaration)
        for name in _repeated([case.name for case in declaration.cases]):
            yield Problem(f"has two cases called {name!r}", place, declared=declaration)
        for case in declaration.cases:
            for name in _repeated([name for name, _ in case.fields]):
                yield Problem(f"has two fields called {name!r} in the case {case.name!r}", place, declared=declaration)


def _repeated(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


# What can be known of an op from its row, computed once for a row.

_Signatures = dict[tuple[t.Type, ...], tuple[t.Type, ...] | SignatureError | None]


class _RowFacts:
    """The row with its attribute kinds sorted out, and the signatures met so far."""

    __slots__ = ("allowed", "row", "signatures", "stages")

    def __init__(self, row: OpRow) -> None:
        self.row = row
        self.stages = frozenset(stage for stage, families in STAGE_FAMILIES.items() if row.family in families)
        self.signatures: _Signatures = {}
        #: Kind and whether it must be there, by key.
        self.allowed = {key.removesuffix("?"): (kind, not key.endswith("?")) for key, kind in row.attrs.items()}

    def results_for(self, types: tuple[t.Type, ...]) -> tuple[t.Type, ...] | SignatureError | None:
        """What `signature.result_types` says, errors included."""
        try:
            found = result_types(self.row, types)
        except SignatureError as problem:
            self.signatures[types] = problem
            return problem
        self.signatures[types] = found
        return found


#: By identity of the row, which the facts keep alive. Rows have no cheap hash, and names may be reused in tests.
_known_facts: dict[int, _RowFacts] = {}


def _facts(row: OpRow) -> _RowFacts:
    found = _known_facts[id(row)] = _RowFacts(row)
    return found


class _FunctionCheck:
    """Checks one function and collects the problems."""

    __slots__ = ("block_set", "function", "problems", "stage")

    def __init__(self, function: Function, stage: str) -> None:
        self.function = function
        self.stage = stage
        self.problems: list[Problem] = []
        self.block_set = set(function.blocks)

    def run(self) -> None:
        self.check_header()
        function = self.function
        if function.is_import:
            if function.blocks:
                self.report("an import has no body")
            return
        if not function.blocks:
            self.report("it has no blocks, and is no import")
            return
        if len(self.block_set) != len(function.blocks):
            self.report("a block is listed twice")
            return
        found_before = len(self.problems)
        for block in function.blocks:
            self.check_block(block)
        if len(self.problems) == found_before:  # else there is no graph to speak of
            self.check_dominance()

    def report(self, message: str, block: Block | None = None, op: Op | None = None, hint: str | None = None) -> None:
        place = f"function @{self.function.name}"
        if block is not None:
            place += f", block {block_text(block, self.function)}"
        if op is not None:
            place += f", op `{op_text(op, self.function)}`"
        problem = Problem(message, place, self.function, block, op, hint)
        if problem not in self.problems[-1:]:  # a value may be used twice by one op
            self.problems.append(problem)

    def check_header(self) -> None:
        function = self.function
        if type(function.results) is not tuple:
            self.report(f"its results are a {type(function.results).__name__}, not a tuple")
        if function.attrs.get("inline", "never") not in _INLINE:
            self.report(f"inline is {function.attrs['inline']!r}, none of {', '.join(_INLINE)}")
        for key, value in function.attrs.items():
            if key not in HEADER_KEYS and not is_printable(value):
                self.report(f"the attribute {key!r} is {value!r}, which has no textual form")
        if function.blocks:
            given = [param.type for param in function.params]
            if given != list(function.param_types):
                wanted = _type_list(function.param_types)
                self.report(f"the entry's parameters are {_type_list(given)}, the function's {wanted}")
        if self.stage == "mem":
            for type_ in (*function.param_types, *function.results):
                self.check_mem_type(type_)

    def check_mem_type(self, type_: t.Type, block: Block | None = None, op: Op | None = None) -> None:
        if type_ not in _SCALARS:
            self.report(f"the type {type_} is not allowed at stage mem, which has scalars only", block, op)

    def check_block(self, block: Block) -> None:
        if block.function is not self.function:
            self.report("its `function` is another one", block)
        for param in block.params:
            if param.owner is not block:
                self.report(f"the parameter {param} has another owner", block)
            if self.stage == "mem" and block is not self.function.entry:
                self.check_mem_type(param.type, block)
        ops = block.ops
        if not ops:
            self.report("it is empty, and so has no terminator", block)
            return
        if len(set(ops)) != len(ops):
            self.report("an op is listed twice", block)
        if not ops[-1].row.terminator:
            self.report("its last op is no terminator", block, ops[-1])
        last = ops[-1]
        stage, known = self.stage, _known_facts
        for op in ops:
            row = op.row
            facts = known.get(id(row)) or _facts(row)
            if getattr(op, "block", None) is not block:
                self.report("its `block` is another one", block, op)
            if row.terminator and op is not last:
                self.report("a terminator stands before the end of the block", block, op)
            if stage not in facts.stages:
                self.report(f"ops of the family {row.family!r} are not allowed at stage {stage}", block, op)
            types = tuple([v.type for v in op.operands])
            expected = facts.signatures.get(types, _UNSEEN)
            if expected is _UNSEEN:
                expected = facts.results_for(types)
            results = op.results
            sound = True
            if expected is None:
                sound = self.check_free_results(block, op)
            elif isinstance(expected, SignatureError):
                self.report(str(expected), block, op)
                sound = False
            elif tuple([v.type for v in results]) != expected:
                self.report(f"its results are {_types_of(results)}, not {_type_list(expected)}", block, op)
                sound = False
            for value in results:
                if value.owner is not op:
                    self.report(f"the result {value} has another owner", block, op)
            if (facts.allowed or op.attrs) and not self.check_attrs(block, op, facts):
                sound = False
            if (op.targets or row.targets != 0) and not self.check_targets(block, op):
                sound = False
            if sound and row.check is not None:
                for message in row.check(op):
                    self.report(message, block, op)

    def check_free_results(self, block: Block, op: Op) -> bool:
        """Results that do not follow from the operands: their number may be known, and at stage mem what they may be."""
        if self.stage == "mem":
            for value in op.results:
                self.check_mem_type(value.type, block, op)
        wanted = op.row.results
        if wanted is not None and len(op.results) != len(wanted):
            self.report(f"it has {len(op.results)} results, not {len(wanted)}", block, op)
            return False
        return True

    def check_attrs(self, block: Block, op: Op, facts: _RowFacts) -> bool:
        found_before = len(self.problems)
        attrs = op.attrs
        for key, (kind, required) in facts.allowed.items():
            if key not in attrs:
                if required:
                    self.report(f"the attribute {key!r} is missing", block, op)
            elif not _is_of_kind(attrs[key], kind):
                self.report(f"the attribute {key!r} is {attrs[key]!r}, not {_kind_text(kind)}", block, op)
        if not attrs.keys() <= facts.allowed.keys():
            for key in attrs.keys() - facts.allowed.keys():
                close = nearest(key, facts.allowed)
                hint = f"did you mean {close!r}?" if close else "attributes are declared in the row of the op"
                self.report(f"it has no attribute {key!r}", block, op, hint)
        return len(self.problems) == found_before

    def check_targets(self, block: Block, op: Op) -> bool:
        found_before = len(self.problems)
        wanted = op.row.targets
        if wanted is None:
            if not op.targets:
                self.report("it has no targets", block, op)
        elif len(op.targets) != wanted:
            self.report(f"it has {len(op.targets)} targets, not {wanted}", block, op)
        entry = self.function.blocks[0]
        for target in op.targets:
            to = target.block
            if to not in self.block_set:
                self.report(f"the target ^{to.name or '?'} is no block of the function", block, op)
            elif to is entry:
                self.report("the entry cannot be a target", block, op)
            else:
                given = [v.type for v in target.args]
                params = [v.type for v in to.params]
                if given != params:
                    message = f"{block_text(to, self.function)} takes {_type_list(params)}, not {_type_list(given)}"
                    self.report(message, block, op)
        return len(self.problems) == found_before

    def check_dominance(self) -> None:
        """Each use is dominated by its definition; in unreachable blocks it is enough that there is one."""
        tree = dominators(self.function)
        # The values defined above the current place of the walk; a definition disappears when its subtree is left.
        visible: set[Value] = set()
        for block, entering in tree.walk():
            if entering:
                visible.update(block.params)
                self.check_uses(block, visible, grow=True)
            else:
                visible.difference_update(block.params)
                for op in block.ops:
                    if op.results:
                        visible.difference_update(op.results)
        unreachable = tree.cfg.unreachable
        if unreachable:
            everything = self.defined_values()
            for block in unreachable:
                self.check_uses(block, everything, grow=False)

    def check_uses(self, block: Block, visible: set[Value], grow: bool) -> None:
        for op in block.ops:
            for value in op.operands:
                if value not in visible:
                    self.report_unseen(value, block, op)
            for target in op.targets:
                for value in target.args:
                    if value not in visible:
                        self.report_unseen(value, block, op)
            if grow and op.results:
                visible.update(op.results)

    def report_unseen(self, value: Value, block: Block, op: Op) -> None:
        name = f"%{value.name}" if value.name else f"a value of type {value.type}"
        if value not in self.defined_values():
            self.report(f"it uses {name}, which no op or block of the function defines", block, op)
        elif value.block is block:
            self.report(f"it uses {name} before its definition", block, op)
        else:
            home = block_text(value.block, self.function)
            self.report(f"it uses {name}, but its definition in {home} does not dominate the use", block, op)

    def defined_values(self) -> set[Value]:
        params = {value for block in self.function.blocks for value in block.params}
        return params.union(*(op.results for op in self.function.ops()))


_UNSEEN: Any = object()


def _type_list(types: Sequence[t.Type]) -> str:
    return f"({', '.join(map(str, types))})"


def _types_of(values: Sequence[Value]) -> str:
    return _type_list([value.type for value in values])


def _is_of_kind(value: Any, kind: Any) -> bool:
    """Kinds are Python types (`object`: anything printable) or tuples of the allowed strings."""
    if isinstance(kind, tuple):
        return value in kind
    if kind is object or kind is list:
        return is_printable(value) and isinstance(value, kind)
    return type(value) is kind  # a bool is no int here


def _kind_text(kind: Any) -> str:
    if isinstance(kind, tuple):
        return "one of " + ", ".join(map(repr, kind))
    return _KIND_TEXTS.get(kind, f"of kind {kind}")


_KIND_TEXTS = {
    int: "an integer",
    float: "a float",
    bool: "true or false",
    str: "a string",
    list: "a list of constants",
    object: "a constant",
}
