"""What the kinds of remarks mean: the words of `wasmlathe explain`, as data.

A pass says `ctx.remark("hoisted", place, text)`. The kinds of a stranger's pass need not be here: `kind_of` gives them a
neutral entry. `tests/pipeline/test_pipeline_remarks.py` checks that ours are, and that none is left over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .spec import Remark

#: What was done, what was not done, and what is so.
DONE, REFUSED, FACT = "green", "yellow", "cyan"


@dataclass(frozen=True, slots=True)
class RemarkKind:
    """One kind: the colour in which it is shown, and what it says of the program."""

    name: str
    color: str
    sentence: str


TABLE = (
    RemarkKind("typed", FACT, "The types of a function's parameters and result, as found from its calls."),
    RemarkKind("specialized", FACT, "A function exists several times, each for other types, closures or arrays."),
    RemarkKind(
        "widened", FACT, "A function is called with so many kinds of arguments that one version takes them all."
    ),
    RemarkKind("boxed", REFUSED, "A value can be of several kinds: it carries a tag, and each use tests it."),
    RemarkKind("dictionary", REFUSED, "A record has no fixed fields, so each access looks its key up."),
    RemarkKind("inlined", DONE, "A call was replaced by the body of the function."),
    RemarkKind("not-inlined", REFUSED, "A call stays a call."),
    RemarkKind("scalar-replaced", DONE, "An object is not allocated: its parts live in local variables."),
    RemarkKind("not-scalar-replaced", REFUSED, "An object is allocated, because something else may see it."),
    RemarkKind("fused", DONE, "Two loops over an array became one; the array between them is not made."),
    RemarkKind("unchecked", DONE, "A check was removed, because it always succeeds."),
    RemarkKind("checked", REFUSED, "A check is made each time, because it could fail for all that is known."),
    RemarkKind("hoisted", DONE, "Something is computed once in front of a loop instead of in each turn."),
    RemarkKind(
        "not-hoisted", REFUSED, "Something is computed in each turn of a loop, although its inputs do not change."
    ),
    RemarkKind("unswitched", DONE, "A question whose answer does not change in a loop is asked once, in front of it."),
    RemarkKind(
        "not-unswitched", REFUSED, "A question is asked in each turn of a loop, although its answer does not change."
    ),
    RemarkKind("peeled", DONE, "The first turn of a loop stands in front of it, and checks for all turns."),
    RemarkKind("unrolled", DONE, "A loop takes several turns at once."),
    RemarkKind("not-unrolled", REFUSED, "A loop takes one turn at a time."),
    RemarkKind(
        "switched", DONE, "A chain of comparisons became a jump by table, a test of bits, or a search by halves."
    ),
    RemarkKind("presized", DONE, "An array is made as large as it will become, so that it need not grow."),
    RemarkKind("vectorizable", FACT, "The turns of an innermost loop do not depend on each other."),
    RemarkKind("not-vectorizable", REFUSED, "The turns of an innermost loop have to be taken one after the other."),
    RemarkKind("merged", DONE, "Something was computed before, and is taken from there."),
    RemarkKind("merged-calls", DONE, "Equal calls of a recursive function were made one."),
    RemarkKind("folded", DONE, "Equal code, at the ends of branches or in two functions, exists once."),
    RemarkKind("sunk", DONE, "An object is only made on the paths that need it."),
    RemarkKind("trimmed", DONE, "A parameter or result is the same in all calls, or nobody reads it, and is gone."),
    RemarkKind("accumulated", DONE, "A recursion became a loop that carries its result along."),
    RemarkKind("tail-call", DONE, "A call whose result is returned became a jump."),
    RemarkKind(
        "cold", DONE, "With --cold vm: a function that is rarely executed is bytecode, which takes fewer bytes."
    ),
    RemarkKind("not-cold", REFUSED, "With --cold vm: a function is compiled."),
    RemarkKind("removed", DONE, "A function or a store is not in the result, because nothing needs it."),
)

#: Kind -> what it means.
KINDS = {kind.name: kind for kind in TABLE}


#: Names of the library's inside and of the runtime.
_INTERNAL = re.compile(r"\b(?:std\.)?(?:__\w+|rt-[\w-]+)")


def is_internal(remark: Remark) -> bool:
    """True if it is about the library's inside: it has no place in the program, or names what the user never wrote."""
    return (remark.loc is None and remark.function != "") or bool(_INTERNAL.search(remark.text))


def kind_of(name: str) -> RemarkKind:
    """The entry of a kind; one for kinds of strangers' passes, which are `not-` or done."""
    found = KINDS.get(name)
    if found is not None:
        return found
    return RemarkKind(name, REFUSED if name.startswith("not-") else DONE, "Told by a plugin.")
