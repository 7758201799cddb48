"""Remarks in the order of the source, made few enough to be read: what is said twice is said once and counted.

    inlined: the call of len, twice; inlined: the call of range     =>     inlined: the calls of len (2), range

An inlined library function and each version of a specialized function say the same things about the same place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..diagnostics import CompileError, SourceFile
from ..ir.core import Loc
from ..pipeline.spec import Remark

#: So many different things of one kind are told of a line, unless everything is wanted.
MOST_SHOWN = 4
#: So many names are listed in one of them.
MOST_NAMES = 8

_CALL = re.compile(r"the call of (?P<name>[^\s:,]+)(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a source file (0: the whole program), and the sentences about it by kind."""

    file: str
    number: int
    kinds: dict[str, list[str]]


class Files:
    """The texts of the program's files: of the main one as it was compiled, of others as they are."""

    def __init__(self, main: SourceFile) -> None:
        self._known: dict[str, SourceFile | None] = {main.name: main}

    def get(self, name: str) -> SourceFile | None:
        """The file; None if it cannot be read any more."""
        if name not in self._known:
            try:
                self._known[name] = SourceFile.load(name)
            except CompileError:
                self._known[name] = None
        return self._known[name]

    def line(self, name: str, number: int) -> str:
        """A line counted from 1; empty if there is none."""
        source = self.get(name)
        return source.line_text(number) if source is not None and 0 < number <= len(source.line_starts) else ""


def lines_of(remarks: Iterable[Remark], main_file: str, most: int | None = MOST_SHOWN) -> list[Line]:
    """The lines with remarks: those of the main file first, and first of all what has no place."""
    by_line: dict[tuple[str, int], dict[str, dict[str, set[Loc | None]]]] = {}
    for remark in remarks:
        place = (remark.loc.file, remark.loc.line) if remark.loc is not None else ("", 0)
        kinds = by_line.setdefault(place, {})
        kinds.setdefault(remark.kind, {}).setdefault(remark.text, set()).add(remark.loc)
    order = sorted(by_line, key=lambda place: (place[0] not in ("", main_file), place))
    return [Line(*place, {kind: _sentences(texts, most) for kind, texts in by_line[place].items()}) for place in order]


def _sentences(texts: dict[str, set[Loc | None]], most: int | None) -> list[str]:
    """The texts of one kind, those about calls joined by what they say of them, with numbers of places."""
    names: dict[str, list[str]] = {}
    sentences: dict[str, str | None] = {}
    for text, places in texts.items():
        call = _CALL.fullmatch(text)
        if call is None:
            sentences[text] = f"{text} ({len(places)} places)" if len(places) > 1 else text
            continue
        sentences[call["rest"]] = None
        names.setdefault(call["rest"], []).append(call["name"] + (f" ({len(places)})" if len(places) > 1 else ""))
    told = [_about_calls(names[key], key, most) if text is None else text for key, text in sentences.items()]
    if most is None or len(told) <= most:
        return told
    return [*told[:most], f"and {len(told) - most} more"]


def _about_calls(names: list[str], rest: str, most: int | None) -> str:
    if len(names) == 1 and not names[0].endswith(")"):
        return f"the call of {names[0]}{rest}"
    shown = names if most is None else names[:MOST_NAMES]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return f"the calls of {', '.join(shown)}{more}{rest}"
