"""`wasmlathe passes`: what passes there are, and what the presets do with them."""

from __future__ import annotations

import json
from typing import Any

import click

from ..pipeline.options import describe, fields_of, kinds_of
from ..pipeline.plan import Group, Pipeline
from ..pipeline.preparing import Prepared, prepare
from ..pipeline.registry import RegisteredPass
from ..pipeline.spec import PASS_STAGES
from .parameters import compile_options, pipeline_options
from .table import table


@click.command("passes")
@click.argument("name", required=False, metavar="[PASS]")
@click.option("--list", "show_pipeline", is_flag=True, help="Show what the pipeline runs, in order.")
@click.option("--json", "as_json", is_flag=True, help="Write the passes as JSON.")
@pipeline_options
def command(name: str | None, show_pipeline: bool, as_json: bool, **common: Any) -> int:
    """List the passes with their stages and options, or describe one PASS."""
    prepared = prepare(compile_options(**common).pipeline)
    passes = prepared.registry.passes
    if show_pipeline:
        click.echo(pipeline_text(prepared.pipeline))
    elif name is not None:
        click.echo(pass_text(prepared.registry.find(name)))
    elif as_json:
        click.echo(json.dumps([pass_record(p) for _name, p in sorted(passes.items())], indent=2))
    else:
        click.echo(_all(prepared))
    return 0


def _all(prepared: Prepared) -> str:
    """A table for each stage, of the passes that are made for it."""
    lines = []
    for stage in PASS_STAGES:
        chosen = [p for _name, p in sorted(prepared.registry.passes.items()) if p.spec.stage == stage]
        if chosen:
            rows = [(p.spec.name, p.plugin.origin, p.spec.summary, " ".join(fields_of(p.spec.options))) for p in chosen]
            lines.append(f"{table((f'stage {stage}', 'from', 'options', ''), rows)}\n")
    return "\n".join([*lines, "`wasmlathe passes PASS` tells about one of them"])


def pass_text(registered: RegisteredPass) -> str:
    """Everything about a pass, for people."""
    spec = registered.spec
    lines = [f"{spec.name}  [{', '.join(spec.stages)}]  {registered.plugin.origin}", f"    {spec.summary}"]
    for record in pass_record(registered)["options"]:
        lines.append(f"    {spec.name}.{record['name']} = {record['default']}  ({record['kind']}) {record['doc']}")
    lines += [f"    after {order.other}: {order.reason}" for order in spec.after]
    lines += [f"    before {order.other}: {order.reason}" for order in spec.before]
    return "\n".join(lines)


def pass_record(registered: RegisteredPass) -> dict[str, Any]:
    """A pass as data."""
    spec = registered.spec
    kinds = kinds_of(spec.options) if spec.options is not None else {}
    options = [
        {"name": name, "kind": describe(kinds[name]), "default": option.default, "doc": option.metadata["doc"]}
        for name, option in fields_of(spec.options).items()
    ]
    return {
        "name": spec.name,
        "stages": list(spec.stages),
        "scope": spec.scope,
        "summary": spec.summary,
        "plugin": registered.plugin.name,
        "distribution": registered.plugin.origin,
        "options": options,
    }


def pipeline_text(pipeline: Pipeline) -> str:
    """A pipeline as shown to people: its steps by stage."""
    lines = [f"pipeline {pipeline.name}"]
    for stage, entries in pipeline.stages.items():
        lines.append(f"  {stage}")
        for entry in entries:
            if isinstance(entry, Group):
                lines.append(f"    up to {entry.limit} times: {', '.join(step.label for step in entry.steps)}")
            else:
                given = "".join(f" {name}={value}" for name, value in entry.given.items())
                lines.append(f"    {entry.label}{given}")
    return "\n".join(lines)
