"""`wasmlathe cache`: where compiled programs are kept, how much there is, and an end to it."""

from __future__ import annotations

import click

from ..cache import LOCATION, Cache
from ..function_cache import count
from .parameters import traceback_option


@click.group("cache")
@traceback_option
def command() -> None:
    """Show or clear the cache of compiled programs."""


@command.command("info")
@traceback_option
def info() -> int:
    """Show where the cache is and what it holds."""
    found = Cache().info()
    click.echo(f"folder   {found.root}  (${LOCATION} sets another one)")
    click.echo(f"entries  {found.entries}")
    click.echo(f"functions  {count(Cache())}")
    click.echo(f"size     {_size(found.size_bytes)} of {_size(found.limit_bytes)}")
    if found.problem:
        click.echo(f"not used: {found.problem}")
    return 0


@command.command("clear")
@traceback_option
def clear() -> int:
    """Remove everything from the cache."""
    count, size_bytes = Cache().clear()
    click.echo(f"removed {count} {'entry' if count == 1 else 'entries'}, {_size(size_bytes)}")
    return 0


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 100_000 else f"{size_bytes} bytes"
