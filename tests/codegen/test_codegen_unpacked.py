from __future__ import annotations

import io
from struct import pack

import pytest
from wasmlathe import api
from wasmlathe.codegen.unpacked import progression


def rows(count: int, *words: tuple[int, int]) -> bytes:
    """So many rows of words, each given as its first value and what it grows by."""
    return b"".join(pack("<I", first + i * step & 0xFFFF_FFFF) for i in range(count) for first, step in words)


def test_a_table_whose_words_grow_by_the_same_is_a_progression() -> None:
    found = progression(64, rows(40, (7, 0), (5, 3), (0xFFFF_FFFF, 1), (0, 0)))
    assert found is not None
    assert (found.address, found.count, found.words, found.steps) == (64, 40, (7, 5, 0xFFFF_FFFF, 0), (0, 3, 1, 0))
    assert found.size_bytes == 640


@pytest.mark.parametrize(
    "content",
    [
        rows(8, (1, 0), (2, 1)),
        bytes(4096),
        rows(40, (7, 0), (5, 3)) + rows(40, (7, 0), (5, 4)),
        rows(60, (1, 1), (2, 2)) + b"x",
    ],
    ids=["short", "zeros", "two rules", "odd length"],
)
def test_what_is_no_progression_stays_as_it_is(content: bytes) -> None:
    assert progression(16, content) is None


@pytest.mark.parametrize("level", ["O0", "Os"])
def test_the_texts_of_characters_are_made_when_the_program_starts(level: str) -> None:
    program = api.compile('fn at(s, i) { s[i] }\nprint(at("hello, world", 4))\nprint(at("~", 0))', pipeline=level)
    output = io.StringIO()
    program.run(stdout=output)
    assert output.getvalue() == "o\n~\n"
    lengths = pack("<II", 1, 1)  # of a text of one character, in bytes and in characters
    assert program.wasm.count(lengths) < 8, "128 times would be the table"
