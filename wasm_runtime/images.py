"""Programs that are data for a base module: what the engine needs to run one as if it were a module of its own.

The native code of the base is the same for all of them; only what is written into its memory, and what to call, differs.
"""

from __future__ import annotations

from wasmlathe.artifact import Artifact

TYPE_CHECKING = False  # the name that type checkers know, without the import of `typing`
if TYPE_CHECKING:
    from wasmlathe.bytecode.image import Image

#: The function of a base that runs the bytecode at an address.
START = "vm-start"
_SITE_FIELDS = ("message", "file", "line", "col")


def artifact_of(image: Image, base: Artifact) -> Artifact:
    """The program as an artifact: the base's code, and a manifest that tells what is the program's."""
    sites = [dict(zip(_SITE_FIELDS, site, strict=True)) for site in image.sites]
    entry = image.entry
    vm = {
        "code": image.start,
        "functions": [(offset, name) for name, offset, _frame, _params, _results in image.functions],
        "places": image.places.plain(),
        "room": base.manifest["base"]["own_bytes"],
    }
    manifest = {
        **base.manifest,
        "name": image.name,
        "entry": START if entry is not None else None,
        "entry_argument": image.start + entry if entry is not None else None,
        "entry_result": image.entry_result,
        "sites": [*base.manifest["sites"], *sites],
        "vm": vm,
        "data": ((image.start, image.code), *image.pieces),
    }
    return Artifact(base.wasm, base.source_map, manifest)
