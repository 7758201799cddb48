"""The reference, made from the tables that the code itself reads: ops, hooks, passes, options, diagnostics.

    python -m wasmlathe.docgen docs/reference        writes the files
    python -m wasmlathe.docgen --check docs/reference    tells which are out of date

Nothing in these files is written by hand, so an entry without its sentence is an error (`gaps`), not an empty line.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from .diagnostics import CODES
from .ir.ops import STAGE_FAMILIES, TABLE, Effects, OpRow
from .pipeline import hookspecs
from .pipeline.options import describe, fields_of, kinds_of
from .pipeline.plan import Group, Pipeline
from .pipeline.plugins import hook_names, load_plugins
from .pipeline.presets import PRESETS
from .pipeline.registry import RegisteredPass, Registry
from .pipeline.remark_kinds import DONE, FACT, KINDS, REFUSED
from .pipeline.spec import PASS_STAGES, PassSpec

_NOTE = "<!-- Made by `python -m wasmlathe.docgen docs/reference`; edit the tables, not this file. -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return lines + [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows]


def ops() -> list[str]:
    """Every row of the op table, by family."""
    lines = ["# Ops", "", "One row of the op table each (`toolchain/ir/ops`)."]
    families: dict[str, list[OpRow]] = {}
    for row in TABLE.values():
        families.setdefault(row.family, []).append(row)
    for family, rows in families.items():
        stages = [stage for stage, allowed in STAGE_FAMILIES.items() if family in allowed]
        lines += ["", f"## {family}", "", f"Stages: {', '.join(stages)}.", ""]
        lines += table(
            ("op", "operands", "results", "attributes", "effects", "meaning"),
            ((f"`{r.name}`", _types(r.operands), _types(r.results), _attrs(r), _effects(r), r.doc) for r in rows),
        )
    return lines


def _types(types: tuple[str, ...] | None) -> str:
    if types is None:
        return "depend"
    return ", ".join(f"`{type_}`" for type_ in types)


def _attrs(row: OpRow) -> str:
    return ", ".join(f"`{name}`" for name in row.attrs)


def _effects(row: OpRow) -> str:
    return ", ".join(effect.name.lower() for effect in Effects if effect in row.effects and effect.name != "NONE")


def hooks() -> list[str]:
    """Every hook with its signature."""
    lines = ["# Hooks", "", *_paragraphs(hookspecs.__doc__)]
    for name in hook_names():
        function = getattr(hookspecs, name)
        signature = str(inspect.signature(function)).replace("'", "")  # annotations are texts, and shown as such
        lines += ["", f"## {name}", "", "```python", f"def {name}{signature}", "```", ""]
        lines += _paragraphs(function.__doc__)
    return lines


def passes() -> list[str]:
    """Every built-in pass with its options and demands, then what the presets run."""
    lines = ["# Passes"]
    registry = _registry()
    for stage in PASS_STAGES:
        chosen = [registered for registered in _sorted(registry) if registered.spec.stage == stage]
        if chosen:
            lines += ["", f"## Stage {stage}"]
        for registered in chosen:
            lines += ["", *_pass(registered)]
    lines += ["", "## Presets"]
    for name in PRESETS:
        lines += [
            "",
            f"### {name}",
            "",
            *table(("stage", "passes"), _preset_rows(Pipeline(name, registry, PRESETS[name]))),
        ]
    return lines


def _pass(registered: RegisteredPass) -> list[str]:
    spec = registered.spec
    facts = [f"stages: {', '.join(spec.stages)}", f"scope: {spec.scope}", f"plugin: {registered.plugin.name}"]
    if spec.preserves:
        facts.append(f"preserves: {', '.join(sorted(spec.preserves))}")
    facts += [f"after `{order.other}`: {order.reason}" for order in spec.after]
    facts += [f"before `{order.other}`: {order.reason}" for order in spec.before]
    lines = [f"### {spec.name}", "", spec.summary, "", *_explanation(spec), *(f"* {fact}" for fact in facts)]
    rows = list(_option_rows(spec.options))
    return [*lines, "", *table(("option", "takes", "default", "meaning"), rows)] if rows else lines


def _explanation(spec: PassSpec) -> list[str]:
    """What the module of a pass says about it, behind the title: a picture of the change, and how it is done.

    Nothing for a pass whose module holds a family of them: such a text is about all.
    """
    module = inspect.getmodule(spec.run)
    if module is None or spec.name.replace("-", "_") != module.__name__.rpartition(".")[2]:
        return []
    return [*_paragraphs(module.__doc__)[2:], ""]


def _preset_rows(pipeline: Pipeline) -> Iterator[tuple[str, str]]:
    for stage, entries in pipeline.stages.items():
        words = []
        for entry in entries:
            if isinstance(entry, Group):
                words.append(f"up to {entry.limit} times ({', '.join(step.label for step in entry.steps)})")
            else:
                words.append(" ".join((entry.label, *(f"{option}={value}" for option, value in entry.given.items()))))
        if words:
            yield stage, ", ".join(words)


def _option_rows(options: type | None) -> Iterator[tuple[str, str, str, str]]:
    kinds = kinds_of(options) if options is not None else {}
    for name, field in fields_of(options).items():
        yield f"`{name}`", describe(kinds[name]), f"`{field.default}`", field.metadata["doc"]


def options() -> list[str]:
    """The options of every command, then those of passes."""
    lines = ["# Options", "", "## Commands"]
    for name, command in _commands():
        lines += ["", f"### wasmlathe {name}", "", *_paragraphs(command.help or ""), ""]
        lines += table(("option", "meaning"), _command_rows(command))
    lines += ["", "## Passes", "", "Set with `--set PASS.OPTION=VALUE`, or in a pipeline's `options`.", ""]
    rows = [
        (f"`{registered.spec.name}.{row[0][1:]}", *row[1:])
        for registered in _sorted(_registry())
        for row in _option_rows(registered.spec.options)
    ]
    return lines + table(("option", "takes", "default", "meaning"), rows)


def _command_rows(command: Any) -> Iterator[tuple[str, str]]:
    for parameter in command.params:
        if parameter.param_type_name == "option":
            words = ", ".join(f"`{word}`" for word in (*parameter.opts, *parameter.secondary_opts))
            yield words, parameter.help or ""


def _commands() -> Iterator[tuple[str, Any]]:
    import click

    from .cli.group import COMMANDS, group

    context = click.Context(group)
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None  # the table names modules that exist
        yield name, command
        for inner, subcommand in getattr(command, "commands", {}).items():
            yield f"{name} {inner}", subcommand


def diagnostics() -> list[str]:
    """Every code."""
    lines = ["# Diagnostics", "", "Errors have codes that begin with E, warnings with W.", ""]
    return lines + table(("code", "meaning"), ((f"`{code}`", text) for code, text in sorted(CODES.items())))


def remarks() -> list[str]:
    """Every kind of remark."""
    meanings = {DONE: "done", REFUSED: "not done", FACT: "so it is"}
    lines = ["# Remarks", "", "What `wasmlathe explain` tells, by kind; passes of plugins may add theirs.", ""]
    rows = ((f"`{kind.name}`", meanings[kind.color], kind.sentence) for kind in KINDS.values())
    return lines + table(("kind", "", "meaning"), rows)


PAGES: dict[str, Callable[[], list[str]]] = {
    "ops.md": ops,
    "hooks.md": hooks,
    "passes.md": passes,
    "options.md": options,
    "diagnostics.md": diagnostics,
    "remarks.md": remarks,
}


def page(name: str) -> str:
    """The text of one file of the reference."""
    title, *rest = PAGES[name]()
    return "\n".join([title, "", _NOTE, *rest]) + "\n"


def gaps() -> list[str]:
    """Entries of the tables that lack their sentence."""
    found = [f"op {row.name}" for row in TABLE.values() if not row.doc.strip().endswith(".")]
    found += [f"hook {name}" for name in hook_names() if not (getattr(hookspecs, name).__doc__ or "").strip()]
    for registered in _sorted(_registry()):
        spec = registered.spec
        if not spec.summary.strip().endswith("."):
            found.append(f"pass {spec.name}")
        explanation = _explanation(spec)
        if explanation and not any("=>" in line for line in explanation):
            found.append(f"picture of pass {spec.name}")
        found += [f"option {spec.name}.{row[0]}" for row in _option_rows(spec.options) if not row[3].strip()]
    for name, command in _commands():
        if not (command.help or "").strip():
            found.append(f"command {name}")
        found += [f"option {words} of {name}" for words, text in _command_rows(command) if not text.strip()]
    found += [f"diagnostic {code}" for code, text in CODES.items() if not text.strip().endswith(".")]
    return found


def outdated(folder: str) -> list[str]:
    """The files of the reference in `folder` that are missing or not what the tables say."""
    return [name for name in PAGES if _read(os.path.join(folder, name)) != page(name)]


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def _registry() -> Registry:
    """What the built-in plugins provide: the reference does not depend on what else is installed."""
    plugins = load_plugins()
    return Registry(type(plugins)([plugin for plugin in plugins.items if plugin.is_builtin]))


def _sorted(registry: Registry) -> list[RegisteredPass]:
    return [registry.passes[name] for name in sorted(registry.passes)]


def _paragraphs(doc: str | None) -> list[str]:
    return inspect.cleandoc(doc or "").splitlines()


def main(argv: Sequence[str]) -> int:
    """Write the reference, or with --check tell what is out of date (status 1)."""
    is_check = argv[:1] == ["--check"]
    folders = argv[1:] if is_check else argv
    if len(folders) != 1 or folders[0].startswith("-"):
        print("usage: python -m wasmlathe.docgen [--check] FOLDER", file=sys.stderr)
        return 2
    folder = folders[0]
    if is_check:
        stale = outdated(folder)
        for name in stale:
            print(f"{os.path.join(folder, name)} is out of date: python -m wasmlathe.docgen {folder}", file=sys.stderr)
        return 1 if stale else 0
    os.makedirs(folder, exist_ok=True)
    for name in PAGES:
        with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
            stream.write(page(name))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
