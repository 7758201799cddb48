"""Functions whose signatures are not for passes to change: there are callers that no module shows."""

from __future__ import annotations

from ...ir.core import Function

#: The attribute of functions that stay even though nothing calls them.
KEEP = "keep"
#: The attribute of functions of which a base module may have the code (`toolchain/bytecode/base.py`): what passes make of one
#: must not depend on who calls it.
SHARED = "shared"
#: The attribute of functions of the runtime system that are written as they have to be.
FINISHED = "finished"


def is_shared(function: Function) -> bool:
    """True if a base module may have the code of the function, and nothing else holds its signature."""
    return bool(function.attrs.get(SHARED)) and function.exported is None and not function.attrs.get(FINISHED)


def has_fixed_signature(function: Function) -> bool:
    """True if hosts, the runtime system or a base module call the function as it is."""
    return function.exported is not None or any(function.attrs.get(fact) for fact in (KEEP, SHARED, FINISHED))
