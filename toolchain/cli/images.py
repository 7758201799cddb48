"""Images as files: `build --image` writes NAME.tvb, `run NAME.tvb` verifies and runs it, `ir NAME.tvb` shows it."""

from __future__ import annotations

from functools import partial

from ..artifact import Artifact
from ..bytecode.image import Image, ImageDamaged
from ..cache import Cache
from ..diagnostics import CompileError, Diagnostic
from ..driver import Compilation, CompileOptions
from ..pipeline.plugins import problem

SUFFIX = ".tvb"
_CODE = "E0512"


def load(path: str, cache: Cache) -> Artifact:
    """The program in an image file, as what engines run. Raises CompileError, BinaryenMissing."""
    from ..bytecode.base import Facts, obtain
    from ..bytecode.verify import Surroundings, verify
    from ..wasm_runtime.images import artifact_of

    image = read(path)
    base = obtain(cache)
    problems = verify(image, Surroundings.of(Facts.of(base)))
    if problems:
        told = [Diagnostic("error", _CODE, f"'{path}' cannot be run: {each}", hint=each.hint) for each in problems]
        raise CompileError(told)
    artifact = artifact_of(image, base)
    artifact.manifest["foreign"] = True  # what it does wrong is no fault of the compiler
    return artifact


def read(path: str) -> Image:
    """The content of an image file, not verified. Raises CompileError."""
    with open(path, "rb") as stream:
        content = stream.read()
    try:
        return Image.from_bytes(content)
    except ImageDamaged as damage:
        raise problem(_CODE, f"'{path}' cannot be read: {damage}", "build it with `wasmlathe build --image`") from None


def text_of(image: Image, function: str | None, cache: Cache) -> str:
    """The bytecode of an image, disassembled; `function`: only this one's. Raises BinaryenMissing."""
    from ..bytecode.base import Facts, obtain
    from ..bytecode.listing import listing

    facts = Facts.of(obtain(cache))
    names = facts.names if facts.digest == image.base else {}  # slots of another base hold other functions
    return listing(image, [names.get(slot, f"slot {slot}") for slot in range(max(names, default=-1) + 1)], function)


def ask_for(options: CompileOptions) -> None:
    """Have a compilation make an image. Raises BinaryenMissing."""
    from ..bytecode.base import obtain

    options.base, options.shares_library = partial(obtain, options.cache or Cache.off(), options), True


def files_of(compilation: Compilation, name: str) -> dict[str, bytes]:
    """The image file of a compilation for the base module. Raises CompileError if the program is none."""
    if compilation.image is None:
        raise problem(
            _CODE,
            f"'{compilation.source.name}' cannot be an image: {compilation.unshared}",
            "build it without --image, as a module of its own",
        )
    return {f"{name}{SUFFIX}": compilation.image.to_bytes()}
