"""The hooks: everything that a plugin can contribute, one function each.

The docstrings below are the reference (`docs/reference/hooks.md` is made of them). A plugin is a module or object with
functions of these names under `hookimpl`, announced as an entry point of the group `wasmlathe.plugins` or given as a
file. A hook may leave out parameters that it does not need.

Hooks are asked one plugin at a time in the order of the plugins' names, so that nothing depends on who was registered
first and every failure has a name; pluggy's wrappers, `tryfirst` and `trylast` are therefore refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

    from ..artifact import Artifact
    from ..ir.ops import OpRow
    from .events import PassEvent
    from .frontends import Frontend
    from .plan import BuildOptions, Pipeline
    from .spec import PassSpec

PROJECT = "wasmlathe"
GROUP = "wasmlathe.plugins"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def wasmlathe_frontends() -> Sequence[Frontend]:
    """Return languages: file suffixes and how their text becomes HIR.

    Asked of every installed plugin. Two front-ends that claim one suffix are an error.
    """


@hookspec
def wasmlathe_passes() -> Sequence[PassSpec]:
    """Return passes; they can be named in pipelines, and run only where one names them.

    Asked of every installed plugin. Two passes of one name are an error.
    """


@hookspec
def wasmlathe_rewrites() -> Sequence[Any]:
    """Return rewrite rules (`wasmlathe.passes.rules`), which the pass `rewrite` applies together with the built-in ones.

    Asked of active plugins only, because rules change what every pipeline with `rewrite` makes.
    """


@hookspec
def wasmlathe_pipeline(pipeline: Pipeline, options: BuildOptions) -> None:
    """Edit the pipeline that is about to run: `insert`, `replace`, `remove`, `move`.

    Asked of active plugins only. The order is checked afterwards against what the passes demand.
    """


@hookspec
def wasmlathe_ops() -> Sequence[OpRow]:
    """Return rows for the op table, complete: every reader of the table asks the row and nothing else.

    Asked of every installed plugin, before any IR is made. An op name that is taken is an error.
    """


@hookspec
def wasmlathe_emit(artifact: Artifact, options: BuildOptions) -> dict[str, bytes]:
    """Return more files for the folder that `wasmlathe build` writes, by file name.

    Asked of active plugins only. Two plugins that write one file are an error.
    """


@hookspec
def wasmlathe_host(host: Any) -> None:
    """Add imports or observers to the host (`wasmlathe.wasm_runtime.host.Host`) of a program about to run.

    Asked of active plugins only.
    """


@hookspec
def wasmlathe_before_pass(event: PassEvent) -> None:
    """Observe that a pass is about to run over a function or module (`event.unit`).

    Asked of active plugins only. An observer changes nothing.
    """


@hookspec
def wasmlathe_after_pass(event: PassEvent) -> None:
    """Observe that a pass has run; `event.changed` and `event.seconds` are known now.

    Asked of active plugins only. An observer changes nothing.
    """


@hookspec
def wasmlathe_cli(group: click.Group) -> None:
    """Add commands to `wasmlathe` with `group.add_command`.

    Asked of every installed plugin, when a command is not one of the built-in ones or the list of commands is shown.
    """
