"""The cached path of `wasmlathe run`: from the command line to the running program without loading the compiler.

    key(toolchain, file, options)  ->  files that the result depends on, with digests; warnings; artifact

Only options that mean nothing to the compiler but the name of a pipeline are understood here. For everything else, and
whenever a file has changed, `run` returns None and the command line proper takes over; it stores what it compiles
through `store`.
"""

from __future__ import annotations

import marshal
import os

from wasmlathe import cache as caches
from wasmlathe.fingerprint import fingerprint
from wasmlathe.sealed import digest

TYPE_CHECKING = False  # the name that type checkers know, without the import of `typing`
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wasmlathe.artifact import Artifact
    from wasmlathe.bytecode.image import Image

KIND = "run"
BASE_KIND = "base"
#: The engines whose programs are compiled, or linked, and kept.
ENGINES = ("wasm", "vm")
DEFAULT_PIPELINE = "O2"
_LEVELS = {"-O0": "O0", "-O1": "O1", "-O2": "O2", "-O3": "O3", "-Os": "Os"}
_WITH_VALUE = ("--engine", "--timeout", "--max-memory", "--pipeline")
_GRANTS = ("--allow-read", "--allow-write", "--allow-env")  # in the order of the parameters of `Grants`
_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def run(argv: Sequence[str]) -> int | None:
    """Run a program whose compiled form is cached; its exit status. None: this needs the whole command line."""
    request = parse(argv)
    if request is None:
        return None
    kind, file, args, pipeline, timeout_seconds, max_memory_bytes, granted = request
    cache = caches.Cache()
    found = load(cache, kind, file, pipeline, ())
    if found is None:
        return None
    warnings, artifact = found
    from wasmlathe import outcome
    from wasmlathe.wasm_runtime import engine
    from wasmlathe.wasm_runtime.grants import Grants
    from wasmlathe.wasm_runtime.panics import EngineMissing

    if warnings:
        outcome.tell(warnings)
    limits = engine.Limits(timeout_seconds, max_memory_bytes)
    grants = Grants(*granted)
    try:
        return outcome.exit_status(lambda: engine.run(artifact, args, limits, None, cache, None, grants))
    except EngineMissing:
        return None


def parse(argv: Sequence[str]) -> tuple[str, str, list[str], str, float | None, int | None, list[list[str]]] | None:
    """Engine, file, arguments, pipeline, limits of time and memory, what is granted in a plain `run` command.

    None if it is not plain.
    """
    if not argv or argv[0] != "run":
        return None
    words: list[str] = []
    values = {"--engine": "wasm"}
    granted: dict[str, list[str]] = {option: [] for option in _GRANTS}
    rest = iter(argv[1:])
    for word in rest:
        if word in _LEVELS:
            values["-O"] = _LEVELS[word]
        elif word == "--":
            words += rest
        elif word in _WITH_VALUE or word in granted:
            value = next(rest, None)
            if value is None:
                return None
            if word in granted:
                granted[word].append(value)
            else:
                values[word] = value
        elif word.startswith("-"):
            return None
        else:
            words.append(word)
    if not words or values["--engine"] not in ENGINES or {"-O", "--pipeline"} <= values.keys():
        return None
    pipeline = values.get("-O") or values.get("--pipeline", DEFAULT_PIPELINE)
    try:
        timeout = parse_seconds(values["--timeout"]) if "--timeout" in values else None
        memory = parse_size(values["--max-memory"]) if "--max-memory" in values else None
    except ValueError:
        return None  # the command line proper says what is wrong
    return values["--engine"], words[0], words[1:], pipeline, timeout, memory, list(granted.values())


def parse_seconds(text: str) -> float:
    """A positive number of seconds. Raises ValueError."""
    seconds = float(text.removesuffix("s"))
    if not 0 < seconds < float("inf"):
        raise ValueError(f"{text} is no positive number of seconds")
    return seconds


def parse_size(text: str) -> int:
    """A size in bytes, as `65536`, `64M` or `1G`. Raises ValueError."""
    digits = text.upper().removesuffix("B")
    unit = _UNITS.get(digits[-1:], 1)
    size = int(digits[:-1] if unit > 1 else digits) * unit
    if size <= 0:
        raise ValueError(f"{text} is no positive size")
    return size


def load(
    cache: caches.Cache, engine: str, file: str, pipeline: str, details: tuple[object, ...]
) -> tuple[str, Artifact] | None:
    """Warnings and artifact kept for this command, if all files it depends on are the same."""
    toolchain = fingerprint()
    data = cache.get(KIND, _key(toolchain, engine, file, pipeline, details))
    if data is None:
        return None
    dependencies, warnings, is_image, content = marshal.loads(data)
    if any(_digest(path) != known for path, known in dependencies):
        return None
    artifact = _from_image(content, load_base(cache, toolchain)) if is_image else _artifact(content)
    return None if artifact is None else (warnings, artifact)


def _artifact(content: bytes | None) -> Artifact | None:
    from wasmlathe.artifact import Artifact, ArtifactDamaged

    try:
        return Artifact.from_bytes(content) if content is not None else None
    except ArtifactDamaged:
        return None


def _from_image(content: bytes, base: Artifact | None) -> Artifact | None:
    from wasmlathe.bytecode.image import Image, ImageDamaged
    from wasmlathe.wasm_runtime.images import artifact_of

    if base is None:
        return None
    try:
        image = Image.from_bytes(content)
    except ImageDamaged:
        return None
    # Another process may have built the base anew; if the two differ, the image is of no use.
    return artifact_of(image, base) if image.base == base.manifest["base"]["digest"] else None


def load_base(cache: caches.Cache, toolchain: str | None = None) -> Artifact | None:
    """The module with the VM and the library, for programs that are bytecode, if it is there."""
    return _artifact(cache.get(BASE_KIND, toolchain or fingerprint()))


def store_base(cache: caches.Cache, base: Artifact) -> None:
    """Keep it for `load_base`."""
    cache.put(BASE_KIND, fingerprint(), base.to_bytes())


def store(
    cache: caches.Cache,
    engine: str,
    file: str,
    pipeline: str,
    details: tuple[object, ...],
    dependencies: Iterable[str],
    warnings: str,
    made: Artifact | Image,
) -> None:
    """Keep what was made for `load`. `details` are further options that the result depends on."""
    from wasmlathe.artifact import Artifact

    digests = [(os.path.abspath(path), _digest(path)) for path in sorted(set(dependencies))]
    content = marshal.dumps((digests, warnings, not isinstance(made, Artifact), made.to_bytes()))
    cache.put(KIND, _key(fingerprint(), engine, file, pipeline, details), content)


def _key(toolchain: str, engine: str, file: str, pipeline: str, details: tuple[object, ...]) -> str:
    # The file's name as given is part of the artifact, and the folder says which configuration is found.
    return caches.key(toolchain, os.getcwd(), engine, file, pipeline, repr(details))


def _digest(path: str) -> bytes | None:
    """Of the content of a file; None when there is none, which is a fact to depend on as well."""
    try:
        with open(path, "rb", buffering=0) as stream:
            return digest(stream.read())
    except OSError:
        return None
