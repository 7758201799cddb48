"""`wasmlathe plugins`: what is installed, from which distribution, and what it contributes."""

from __future__ import annotations

import click

from ..diagnostics import CompileError
from ..outcome import BAD_USAGE
from ..pipeline.plugins import Plugin, Plugins, announce_file, announced, hook_names, load
from .errors import tell_diagnostics
from .parameters import traceback_option


@click.command("plugins")
@click.option("--plugin", "files", multiple=True, metavar="FILE", help="Describe this file too.")
@traceback_option
def command(files: tuple[str, ...]) -> int:
    """List the plugins; those that cannot be loaded are told, and the status is 2 then."""
    failures = 0
    for announcement in [*announced(), *map(announce_file, files)]:
        try:
            plugin = load(announcement, is_requested=False)
            Plugins([plugin])
        except CompileError as error:
            failures += 1
            tell_diagnostics(error.diagnostics)
        else:
            click.echo(_text(plugin))
    return BAD_USAGE if failures else 0


def _text(plugin: Plugin) -> str:
    state = "active" if plugin.is_active else "used where a pipeline or --plugin names it"
    lines = [f"{plugin.name}  {plugin.origin}  ({state})"]
    doc = (getattr(plugin.module, "__doc__", None) or "").strip()
    if doc:
        lines.append(f"    {doc.splitlines()[0]}")
    hooks = [name for name in hook_names() if hasattr(plugin.module, name)]
    lines.append(f"    hooks: {', '.join(name.removeprefix('wasmlathe_') for name in hooks) or 'none'}")
    if hasattr(plugin.module, "wasmlathe_passes"):
        names = [spec.name for spec in plugin.module.wasmlathe_passes()]
        lines.append(f"    passes: {', '.join(names)}")
    return "\n".join(lines)
