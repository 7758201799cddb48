"""From a name and the options of a command line to a pipeline that can run.

configuration -> plugins that it asks for -> registry -> preset + configuration + command line + plugins' edits -> check
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..diagnostics import CompileError, Diagnostic
from .config import Config, find_config, make_pipeline, requested_plugins
from .plan import BuildOptions, Pipeline, PlanError
from .plugins import load_plugins, problem
from .presets import DEFAULT, PRESETS
from .registry import Registry


@dataclass(slots=True)
class PipelineRequest:
    """Which pipeline is wanted, and how it is to differ."""

    name: str = DEFAULT
    #: Names of plugins, or files.
    plugins: Sequence[str] = ()
    disabled_plugins: Sequence[str] = ()
    #: `PASS.OPTION=VALUE`
    settings: Sequence[str] = ()
    without: Sequence[str] = ()
    target: str = "host"
    #: Where the search for a configuration file begins.
    folder: str = "."
    #: Also run the passes that only have remarks.
    telling: bool = False


@dataclass(slots=True)
class Prepared:
    """A checked pipeline with what it was made of."""

    pipeline: Pipeline
    options: BuildOptions
    config: Config
    #: Files that the result depends on; those that do not exist count, because they may come.
    dependencies: list[str] = field(default_factory=list)

    @property
    def registry(self) -> Registry:
        return self.pipeline.registry


def prepare(request: PipelineRequest) -> Prepared:
    """Raises CompileError for everything that is unknown, malformed or contradictory."""
    config = Config(None, (), {}) if request.name in PRESETS else find_config(request.folder)
    requests = [*requested_plugins(config, request.name), *request.plugins]
    plugins = load_plugins(requests, request.disabled_plugins)
    pipeline = make_pipeline(config, request.name, Registry(plugins))
    try:
        _apply_command_line(pipeline, request)
        options = pipeline.build_options(request.target)
        plugins.ask("wasmlathe_pipeline", active_only=True, pipeline=pipeline, options=options)
        if request.telling:
            pipeline.place_telling()
        pipeline.place_final()
        pipeline.check()
    except PlanError as error:
        raise CompileError([Diagnostic("error", error.code, error.message, hint=error.hint)]) from None
    strangers = [file for plugin in plugins.items if not plugin.is_builtin for file in plugin.files()]
    return Prepared(pipeline, options, config, [*config.probed, *strangers])


def _apply_command_line(pipeline: Pipeline, request: PipelineRequest) -> None:
    for name in request.without:
        pipeline.registry.find(name.partition("#")[0])
        # A level that does not run the pass at all does what is wanted already.
        if any(name in (step.label, step.spec.name) for step in pipeline.steps()):
            pipeline.remove(name)
    apply_settings(pipeline, request.settings)


def apply_settings(pipeline: Pipeline, settings: Sequence[str]) -> None:
    """Set options written as `PASS.OPTION=VALUE`. Raises CompileError, PlanError."""
    for setting in settings:
        path, equals, value = setting.partition("=")
        owner, dot, option = path.rpartition(".")
        if not (equals and dot and owner and option):
            raise problem("E0502", f"--set takes PASS.OPTION=VALUE, not '{setting}'")
        pipeline.set_option(owner, option, value)
