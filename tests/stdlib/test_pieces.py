"""Loops over words, lines and parts, which make no arrays, against the arrays, and both against Python."""

from __future__ import annotations

import random

from .library_programs import literal, run

PIECES = [
    "a",
    "word",
    "é",
    "longer_than_eight",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    ",",
    ",,",
    "\u00a0",
    "\u2003",
    "\x01",
    "😀",
]


def _texts() -> list[str]:
    chance = random.Random(5)
    made = ["".join(chance.choice(PIECES) for _ in range(chance.randint(0, 14))) for _ in range(80)]
    return ["", " ", "\n", "a", "a\r", "\r\n", ",", "12345678", "1234567\n", " 1234567 ", *made]


PROGRAM = """
texts = TEXTS
for text in texts {
  loops = [
    [w for w in words(text)], [w for w in text.words()], [w for w in text.lines()], [w for w in lines(text)],
    [w for w in text.split(",")], [w for w in split(text, ", ")]
  ]
  arrays = [words(text), text.words(), text.lines(), lines(text), text.split(","), split(text, ", ")]
  for i, made in loops { print(made.join("|") == arrays[i].join("|"), len(made), made.join("|").length) }
  var numbered = 0
  for i, line in text.lines() { numbered += i }
  print(numbered)
}
"""


def _lines(text: str) -> list[str]:
    return [line.removesuffix("\r") for line in text.split("\n")]


def _words(text: str) -> list[str]:
    return "".join(" " if c in "\n\r\t\u00a0\u2003" else c for c in text).replace("\x01", "\ue000").split()


def test_loops_see_what_the_arrays_hold() -> None:
    texts = _texts()
    expected = []
    for text in texts:
        made = [_words(text)] * 2 + [_lines(text)] * 2 + [text.split(","), text.split(", ")]
        expected += [f"true {len(parts)} {len('|'.join(parts))}" for parts in made]
        expected.append(str(sum(range(len(_lines(text))))))
    assert run(PROGRAM.replace("TEXTS", literal(texts))).splitlines() == expected


def test_a_loop_over_an_array_that_is_used_again_gets_the_array() -> None:
    program = """
rows = "a,b".split(",")
for row in rows { rows[0] = row }
type Page { text: String }
impl Page { fn lines(self) { [1, 2] } }
for line in Page("x").lines() { print(line) }
print(rows.join(""))
"""
    assert run(program) == "1\n2\nbb\n"
