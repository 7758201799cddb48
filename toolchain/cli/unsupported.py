"""Commands and options of the contract that are not there yet: they say so."""

from __future__ import annotations

import click

from ..outcome import BAD_USAGE, tell

_COMMANDS = {
    "profile": "Run a program and record what its code does.",
}


def not_supported(what: str) -> int:
    """Say on stderr that something is missing; the exit status of the command."""
    tell(f"error: {what} is not supported yet")
    return BAD_USAGE


def command_for(name: str) -> click.Command:
    """The placeholder of a command: it takes any words."""

    @click.command(
        name, help=f"{_COMMANDS[name]} (Not supported yet.)", context_settings={"ignore_unknown_options": True}
    )
    @click.argument("words", nargs=-1, type=click.UNPROCESSED)
    def command(words: tuple[str, ...]) -> int:
        return not_supported(f"the command '{name}'")

    return command
