"""Whatever ends a command early, as a message on stderr and an exit status."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from typing import Any

import click

from ..diagnostics import CompileError, Diagnostic, render_all
from ..outcome import BAD_USAGE, INTERRUPTED, tell, unwritable, uses_color
from ..pipeline.broken import PassBrokeFunction
from .group import State

_BROKEN_PIPE = 141


def told(state: State, command: Callable[[], Any]) -> int:
    """The exit status of `command`; its exceptions are told, with tracebacks if the state says so."""
    try:
        status = command()
        if sys.stdout is not None:
            sys.stdout.flush()
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except BrokenPipeError:
        _close_stdout()
        return _BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 the outermost handler: what is not the user's fault is told as ours
        if state.traceback:
            traceback.print_exc()
        tell(_message(error))
        if _is_of_stdout(error):
            _close_stdout()
        return BAD_USAGE
    return status if isinstance(status, int) else 0


def tell_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    """Show diagnostics on stderr, if there are any."""
    items = list(diagnostics)
    if items:
        tell(render_all(items, uses_color()))


def _message(error: Exception) -> str:
    match error:
        case CompileError():
            return render_all(error.diagnostics, uses_color())
        case PassBrokeFunction():
            return error.render()
        case click.ClickException():
            return _usage(error)
        case OSError() if error.filename is not None:
            path = error.filename2 or error.filename
            diagnostic = Diagnostic("error", "E0500", f"cannot use '{path}': {error.strerror}")
            return render_all([diagnostic], uses_color())
        case OSError() if _is_of_stdout(error):
            return unwritable(error)
        case RecursionError():
            return render_all([Diagnostic("error", "E0401", "the program is nested too deeply")], uses_color())
    missing = _missing_tool(error)
    if missing is not None:
        return render_all([missing], uses_color())
    name = type(error).__name__
    return f"internal error: {name}: {error}\n  = note: this is a bug in wasmlathe; --traceback shows where"


def _is_of_stdout(error: Exception) -> bool:
    """True for what writing to stdout raises, which knows no name of a file."""
    return (
        isinstance(error, OSError) and error.filename is None and error.errno in (errno.ENOSPC, errno.EIO, errno.EBADF)
    )


def _missing_tool(error: Exception) -> Diagnostic | None:
    from ..codegen.binaryen import BinaryenMissing
    from ..wasm_runtime.panics import EngineMissing

    if isinstance(error, (BinaryenMissing, EngineMissing)):
        command = getattr(error, "command", None)
        hint = f"run: {command}" if command else "`wasmlathe doctor` says what to install"
        return Diagnostic("error", "E0508", str(error), hint=hint)
    return None


def _usage(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    hint = getattr(error, "hint", None)
    if isinstance(error, click.NoSuchOption):
        message = f"unknown option '{error.option_name}'"
        # The constructor of click's exception has put the nearest names there.
        hint = f"did you mean '{error.possibilities[0]}'?" if error.possibilities else None
        if hint is None and error.ctx is not None and error.ctx.command.name == "run":
            hint = "arguments for the program that look like options go behind `--`"
    context = getattr(error, "ctx", None)
    lines = [f"error: {message[:1].lower()}{message[1:]}"]
    if hint:
        lines.append(f"  = hint: {hint}")
    elif context is not None:
        lines.append(f"  = hint: `{context.command_path} --help` shows how it is used")
    return "\n".join(lines)


def _close_stdout() -> None:
    """Nobody reads any more: keep the interpreter from complaining about what it cannot write at its exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
