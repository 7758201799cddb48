"""Cases of passes as text: IR before, IR after, and what it computes, which must be the same before and after.

    == an unused division stays, because it may trap
    func @f(%a: i64) -> i64 {
    ...
    }
    -- becomes                 or `-- unchanged`, for the nearest case where the pass must not act
    func @f(%a: i64) -> i64 {
    ...
    }
    -- run
    @f(2) = 2
    @f(0) traps: division by zero
    -- options
    budget = 40
    -- remarks
    inlined: @g into @f

A file is called as its pass. Without a `module` line a case is a mem module called "t". Of the sections only `becomes` or
`unchanged` is required. Besides the text it is checked that the pass reports truly whether it changed anything, that the
result is valid, and that the graph of blocks stayed if the pass says so.
"""

from __future__ import annotations

import difflib
import importlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evaluate import Evaluator
from wasmlathe.ir import types as t
from wasmlathe.ir.clone import clone_module
from wasmlathe.ir.core import Function, Module
from wasmlathe.ir.ops import Trap
from wasmlathe.ir.parse import parse
from wasmlathe.ir.print import literal
from wasmlathe.ir.print import print as ir_text
from wasmlathe.ir.verify import verify
from wasmlathe.pipeline.analyses import AnalysisCache
from wasmlathe.pipeline.options import make_options
from wasmlathe.pipeline.spec import PassContext, PassSpec, Remark

CASES = Path(__file__).parent / "cases"
SECTIONS = ("becomes", "unchanged", "run", "options", "remarks")

_SECTION = re.compile(rf"^-- ({'|'.join(SECTIONS)})\n", re.MULTILINE)
_RUN = re.compile(r"@(?P<name>[\w$.]+)\((?P<args>.*?)\) (?:= (?P<results>.*)|traps: (?P<trap>.*)|(?P<nothing>returns))")


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its title, the IR before, and its sections by name."""

    path: Path
    title: str
    before: str
    sections: dict[str, str]

    def __str__(self) -> str:
        return f"{self.path.stem}: {self.title}"

    @property
    def after(self) -> str:
        return self.before if "unchanged" in self.sections else self.sections["becomes"]

    @property
    def lines_to_run(self) -> list[str]:
        return [line for line in self.sections.get("run", "").splitlines() if line.strip()]


def read_cases(path: Path) -> list[Case]:
    """The cases of a file. Raises ValueError for what is no case."""
    first, *parts = re.split(r"^== ", path.read_text(), flags=re.MULTILINE)
    if first.strip():
        raise ValueError(f"{path.name} does not begin with a title (== ...)")
    return [_read_case(path, part) for part in parts]


def all_cases() -> list[Case]:
    return [case for path in sorted(CASES.glob("*.txt")) for case in read_cases(path)]


def _read_case(path: Path, text: str) -> Case:
    title, _, body = text.partition("\n")
    before, *found = _SECTION.split(body)
    sections = dict(zip(found[::2], found[1::2], strict=True))
    if ("becomes" in sections) == ("unchanged" in sections):
        raise ValueError(f"{path.name}: the case {title!r} needs `-- becomes` or `-- unchanged`")
    return Case(path, title.strip(), before, sections)


def pass_named(name: str) -> PassSpec:
    """The built-in pass of this name."""
    return importlib.import_module("wasmlathe.passes." + name.replace("-", "_")).SPEC


@cache
def rewrite_rules() -> tuple[Any, ...]:
    """The rules of all built-in plugins."""
    from wasmlathe.pipeline.plugins import load_plugins
    from wasmlathe.pipeline.registry import Registry

    return Registry(load_plugins()).rules


# Running a pass.


def read_module(text: str, name: str) -> Module:
    return parse(text, name, default_stage="mem")


def run_pass(spec: PassSpec, module: Module, options: dict[str, str]) -> list[Remark]:
    """Run `spec` once over the module, as the pass manager does, and check what it claims."""
    rules = rewrite_rules() if spec.name == "rewrite" else ()
    context = PassContext(make_options(spec.name, spec.options, options), AnalysisCache(), [], rules)
    functions = [f for f in module.functions.values() if f.blocks]
    for unit in [module] if spec.scope == "module" else functions:
        text, graph = ir_text(unit), _graph(unit)
        changed = spec.run(unit, context)
        claim = "changed something" if changed else "changed nothing"
        assert changed == (ir_text(unit) != text), f"{spec.name} says that it {claim}; now there is\n{ir_text(unit)}"
        if changed:
            if spec.preserves & {"cfg", "*"}:
                assert _graph(unit) == graph, f"{spec.name} says that it preserves the graph of blocks"
            context.analyses.changed(unit, spec.preserves)
        problems = verify(module)
        assert not problems, "\n".join([*map(str, problems), ir_text(module)])
    return context.remarks


def _graph(unit: Function | Module) -> list[Any]:
    functions = [unit] if isinstance(unit, Function) else [f for f in unit.functions.values() if f.blocks]
    return [(block, block.successors) for function in functions for block in function.blocks]


def check_case(case: Case) -> str:
    """The text that the pass makes of the case; everything else about the case is asserted."""
    module = read_module(case.before, str(case.path))
    assert not (problems := verify(module)), "\n".join(map(str, problems))
    for line in case.lines_to_run:
        assert outcome(module, line) == line.strip(), "before the pass"
    module = read_module(case.before, str(case.path))  # afresh: running may have changed its memory
    options = dict(line.split(" = ", 1) for line in case.sections.get("options", "").splitlines() if line.strip())
    remarks = run_pass(pass_named(case.path.stem), module, options)
    if "remarks" in case.sections:
        told = [f"{remark.kind}: {remark.text}" for remark in remarks]
        assert told == [line for line in case.sections["remarks"].splitlines() if line.strip()]
    text = visible_text(module, case.before)
    for line in case.lines_to_run:
        assert outcome(module, line) == line.strip(), f"after the pass:\n{text}"
    return text


def visible_text(module: Module, written: str) -> str:
    """The text of the module, without its first line if `written` leaves it out too."""
    text = ir_text(module)
    return text if written.lstrip().startswith("module ") else text.partition("\n")[2].lstrip("\n")


def difference(case: Case, text: str) -> str:
    """A diff from the expected to the actual text; empty when they say the same, however they are laid out."""
    expected = visible_text(read_module(case.after, str(case.path)), case.after)
    lines = difflib.unified_diff(expected.splitlines(), text.splitlines(), "expected", "actual", lineterm="", n=100)
    return "\n".join(lines)


def bless(case: Case, text: str) -> None:
    """Make `text` the expected text of the case in its file."""
    old = case.path.read_text()
    sections = "".join(f"-- {n}\n{b}" for n, b in case.sections.items() if n not in ("becomes", "unchanged"))
    begin = old.index(f"== {case.title}\n")
    end = old.find("\n== ", begin)
    end = len(old) if end < 0 else end + 1
    blank = "" if end == len(old) else "\n"
    new = f"== {case.title}\n{case.before}-- becomes\n{text}{sections.rstrip()}".rstrip() + "\n" + blank
    case.path.write_text(old[:begin] + new + old[end:])


# Running what the pass made.


def outcome(module: Module, line: str) -> str:
    """`line` with what really happens: `@f(2) = 2`, `@f(0) traps: ...` or, without results, `@f() returns`."""
    call = _RUN.fullmatch(line.strip())
    if call is None:
        raise ValueError(f"not a line to run: {line!r}")
    function = module.functions[call["name"]]
    texts = [text.strip() for text in call["args"].split(",") if text.strip()]
    args = [_argument(text, type_) for text, type_ in zip(texts, function.param_types, strict=True)]
    head = f"@{call['name']}({call['args']})"
    try:
        results = execute(module, function.name, args)
    except Trap as trap:
        return f"{head} traps: {trap.message}"
    return f"{head} = {', '.join(map(literal, results))}" if results else f"{head} returns"


def _argument(text: str, type_: t.Type) -> Any:
    if type_ is t.BOOL:
        return {"true": True, "false": False}[text]
    return float(text) if type_ is t.F64 else int(text)


def execute(module: Module, name: str, args: list[Any]) -> list[Any]:
    """Results of a function, from the meanings in the op table; a typed module is lowered first. Raises Trap."""
    if module.stage == "typed":
        from wasmlathe.lower.lower_data import LowerOptions, lower_data

        module = lower_data(clone_module(module), LowerOptions())
    return Evaluator(module).call(name, args)
