"""The page of `wasmlathe explain --html`: one file that needs nothing else, with the data of the program packed into it.

The data is JSON, deflated and in base64: a large program's texts become a hundredth. `explain_page.html` unpacks and
shows it, and has the format of the data as the names that it uses.
"""

from __future__ import annotations

import base64
import html
import json
import os
import zlib
from importlib.resources import files
from typing import Any

from ..driver import Compilation
from ..pipeline.remark_kinds import kind_of
from ..pipeline.spec import Remark
from .explain_history import History
from .explain_lines import Files
from .writing import write_all

_TITLE, _DATA = "{{title}}", "{{data}}"


def write_page(path: str, compilation: Compilation, pipeline: str, remarks: list[Remark], history: History) -> None:
    """Write the page. Raises CompileError if that is not possible."""
    data = page_data(compilation, pipeline, remarks, history)
    packed = base64.b64encode(zlib.compress(json.dumps(data, separators=(",", ":")).encode(), 6)).decode()
    template = files(__package__).joinpath("explain_page.html").read_text(encoding="utf-8")
    page = template.replace(_TITLE, html.escape(compilation.source.name)).replace(_DATA, packed)
    write_all(os.path.dirname(path) or os.curdir, {os.path.basename(path): page.encode()})


def page_data(compilation: Compilation, pipeline: str, remarks: list[Remark], history: History) -> dict[str, Any]:
    """Everything that the page shows."""
    known = Files(compilation.source)
    names = dict.fromkeys([compilation.source.name, *(remark.loc.file for remark in remarks if remark.loc is not None)])
    sources = {name: source for name in names if (source := known.get(name)) is not None}
    return {
        "pipeline": pipeline,
        "files": [
            {"name": name, "lines": [source.line_text(n) for n in range(1, len(source.line_starts) + 1)]}
            for name, source in sources.items()
        ],
        "kinds": {
            kind: {"color": kind_of(kind).color, "sentence": kind_of(kind).sentence}
            for kind in dict.fromkeys(remark.kind for remark in remarks)
        },
        "remarks": [_remark(remark) for remark in dict.fromkeys(remarks)],
        "lines": list(history.lines),
        "functions": [
            {
                "name": story.name,
                "source": story.source_name,
                "versions": [[v.stage, v.step, v.lines] for v in story.versions],
            }
            for story in history.stories.values()
        ],
        "cut": history.is_cut,
    }


def _remark(remark: Remark) -> list[Any]:
    place = [remark.loc.file, remark.loc.line, remark.loc.col] if remark.loc is not None else None
    return [remark.kind, remark.text, remark.step, remark.function, place]
