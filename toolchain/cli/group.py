"""The group of commands: built-in ones are imported when used, plugins add theirs, and unknown words get a hint."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import click

from ..diagnostics import nearest

#: Command -> the module of this package that has it as `command`.
COMMANDS = {
    "run": "run",
    "test": "test",
    "build": "build",
    "check": "check",
    "opt": "opt",
    "ir": "ir",
    "explain": "explain",
    "bisect": "bisect",
    "bench": "bench",
    "passes": "passes",
    "plugins": "plugins",
    "doctor": "doctor",
    "cache": "cache",
    "profile": "unsupported",
}


@dataclass(slots=True)
class State:
    """What is known about a command line while it runs."""

    traceback: bool = False


class UnknownCommand(click.UsageError):
    """No command has this name; `hint` tells the nearest."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"unknown command '{name}'")
        close = nearest(name, known)
        self.hint = f"did you mean '{close}'?" if close else "`wasmlathe --help` lists the commands"


class Commands(click.Group):
    """Finds commands by name without importing the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._add_plugin_commands()
        return [*COMMANDS, *sorted(self.commands)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            module = importlib.import_module(f"{__package__}.{COMMANDS[cmd_name]}")
            return module.command_for(cmd_name) if hasattr(module, "command_for") else module.command
        self._add_plugin_commands()
        return self.commands.get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise UnknownCommand(args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)

    def _add_plugin_commands(self) -> None:
        from ..pipeline.plugins import load_plugins

        load_plugins().ask("wasmlathe_cli", active_only=False, group=self)


def _version(ctx: click.Context, _parameter: click.Parameter, is_wanted: bool) -> Any:
    if is_wanted:
        import importlib.metadata

        click.echo(f"wasmlathe {importlib.metadata.version('wasmlathe')}")
        ctx.exit(0)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.pass_context
def group(ctx: click.Context) -> None:
    """Compile programs to small, fast WebAssembly, look inside, and run them."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
