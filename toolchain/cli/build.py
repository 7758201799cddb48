"""`wasmlathe build`: write the WebAssembly module, its source map and its manifest."""

from __future__ import annotations

import os
from typing import Any

import click

from ..artifact import SourceMap
from ..cache import Cache
from ..driver import Compilation, CompileOptions
from ..pipeline.plugins import plugin_failure
from . import images
from .errors import tell_diagnostics
from .observing import Observing
from .parameters import Word, cold_option, compile_options, no_cache_option, observer_options, pipeline_options
from .unsupported import not_supported
from .writing import write_all

TARGETS = ("host", "wasi", "web", "edge")
#: The reference interpreter runs no modules.
ENGINES = ("wasm", "vm")


@click.command("build")
@click.argument("file", metavar="FILE")
@click.option("-o", "--output", required=True, metavar="DIR", help="The folder to write to; it is made if missing.")
@click.option("--target", type=Word(*TARGETS), default="host", help="What will run it.")
@click.option("--engine", type=Word(*ENGINES), default="wasm", help="What executes the program's functions.")
@cold_option
@click.option("--profile", help="A profile to optimize for.")
@click.option("--image", is_flag=True, help="Write NAME.tvb instead: bytecode without the VM and the library.")
@no_cache_option
@pipeline_options
@observer_options
def command(
    file: str,
    output: str,
    target: str,
    engine: str,
    cold: str | None,
    profile: str | None,
    image: bool,
    no_cache: bool,
    time_passes: bool,
    trace: str | None,
    print_after: str | None,
    **common: Any,
) -> int:
    """Compile FILE and write NAME.wasm, NAME.wasm.map and NAME.json into a folder."""
    if target != "host":
        return not_supported(f"the target '{target}'")
    if profile is not None:
        return not_supported("--profile")
    options = compile_options(**common)
    options.pipeline.target = target
    _place_functions(options, engine, cold, image)
    options.cache = None if no_cache else Cache()
    if image:
        images.ask_for(options)
    observing = Observing(time_passes, print_after, trace)
    observing.check(file, options.pipeline)
    compilation = observing.compile(file, options)
    tell_diagnostics(compilation.warnings)
    name = os.path.splitext(os.path.basename(file))[0]
    files = images.files_of(compilation, name) if image else files_of(compilation, name)
    write_all(output, files)
    for name, content in files.items():
        click.echo(f"{os.path.join(output, name)}  {len(content)} bytes")
    return 0


def _place_functions(options: CompileOptions, engine: str, cold: str | None, image: bool) -> None:
    """Say which functions become bytecode, which lies packed in the module."""
    if cold is not None and (engine == "vm" or image):
        whole = "--engine vm" if engine == "vm" else "--image"
        raise click.UsageError(f"give either {whole}, for all functions of the program, or --cold, for some")
    options.bytecode, options.cold, options.packed = engine == "vm", cold is not None, True


def files_of(compilation: Compilation, name: str) -> dict[str, bytes]:
    """All files of the output: our three, and those that plugins add. Raises CompileError if two have one name."""
    from ..source_map_file import source_map_json

    artifact = compilation.artifact
    assert artifact is not None  # the compilation went to its end
    files = {
        f"{name}.wasm": artifact.wasm,
        f"{name}.wasm.map": source_map_json(artifact.source_map, f"{name}.wasm"),
        f"{name}.json": manifest_json(artifact.manifest),
    }
    prepared = compilation.prepared
    answers = prepared.registry.plugins.ask(
        "wasmlathe_emit", active_only=True, artifact=artifact, options=prepared.options
    )
    for plugin, added in answers:
        for path, content in added.items():
            if path in files or os.path.basename(path) != path:
                raise plugin_failure(plugin, f"wants to write '{path}', which is taken or no file name")
            files[path] = content
    return files


def manifest_json(manifest: dict[str, Any]) -> bytes:
    """The manifest as text, in an order that depends on its content only.

    The places of bytecode, which are offsets in the code in memory, are written as in a source map.
    """
    import json

    vm = manifest.get("vm")
    if vm is not None:
        from ..source_map_file import source_mappings

        sources, mappings = source_mappings(SourceMap(*vm["places"]))
        manifest = manifest | {"vm": vm | {"places": {"sources": sources, "mappings": mappings}}}
    return (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
