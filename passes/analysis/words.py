"""What ops and memory are called in remarks: in the words of the source, not of the IR."""

from __future__ import annotations

from ...ir.core import Op
from ...ir.ops import Effects

#: What lies in memory, by how the alias class begins; "" is the allocator's own.
_WORDS = (
    ("array.", "length and place of an array"),
    ("string.", "length and place of a string"),
    ("elem.", "an element of an array"),
    ("cell.", "a captured variable"),
    ("closure.", "what a function value captures"),
    ("header", "the kind of an object"),
    ("heap.", ""),
    ("@", "a variable of the module"),
)


def words_of_class(alias: str) -> str:
    """What an alias class is; empty for what is none of a program's business."""
    found = next((words for start, words in _WORDS if alias.startswith(start)), None)
    if found is not None:
        return found
    layout = alias.rpartition(".")[0].rpartition(".")[2]
    return f"a field of {layout}" if layout.isidentifier() and not layout.startswith("_") else "a field"


def words_of(op: Op) -> str:
    """What a call, load or store is about."""
    if Effects.CALLS not in op.row.effects:
        alias = op.attrs.get("alias") or "@" * op.row.name.startswith("global.")
        return words_of_class(str(alias)) if alias else op.row.name
    callee = op.block.function.module.functions.get(str(op.attrs.get("callee")))
    return f"the call of {callee.source_name}" if callee is not None else "a call"


def words_of_object(op: Op) -> str:
    """What an op allocates."""
    if op.row.name == "data.object":
        name = str(op.attrs["name"]).partition("<")[0]
        return f"an object of {name}" if name.isidentifier() and not name.startswith("_") else "an object"
    return {"data.cell_new": "a captured variable", "data.closure": "a function value"}.get(op.row.name, "an array")
