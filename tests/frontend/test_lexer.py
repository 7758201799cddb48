"""Tokens: what is written is what comes out, and what is wrong is reported at its place."""

from __future__ import annotations

import pytest
from wasmlathe.diagnostics import Diagnostics, SourceFile
from wasmlathe.frontend.tova.lexer import MAX_STRING_NESTING, tokenize
from wasmlathe.frontend.tova.tokens import EOF, FIXED, IDENT, KEYWORDS, LEVELS, TEXT_CLOSE, TEXT_OPEN, spelling


def lex(text: str) -> tuple[list[object], list[str]]:
    """Values of the tokens (spelling for fixed ones, marks for the ends of interpolated strings), and the errors."""
    diagnostics = Diagnostics()
    tokens = tokenize(SourceFile("t.tova", text), diagnostics)
    assert tokens.kinds[-3:] == [EOF] * 3
    marks = {TEXT_OPEN: "<", TEXT_CLOSE: ">"}
    shown = [marks.get(k, v) for k, v in zip(tokens.kinds, tokens.values, strict=True)][:-3]
    return shown, [f"{d.code} {d.span.start}-{d.span.end}" for d in diagnostics.items]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x1 $y _z $", ["x1", "$y", "_z", "$"]),
        ("héllo naïve größe", ["héllo", "naïve", "größe"]),
        ("e\u0301a", ["e\u0301a"]),  # a letter made of two characters
        ("0 7 1_000 0xFF 0b1_01 0o17 0XfF", [0, 7, 1000, 255, 5, 15, 255]),
        ("1.5 1e3 2.5E-3 1_0.2_5", [1.5, 1000.0, 0.0025, 10.25]),
        ("9223372036854775807 0xFFFFFFFFFFFFFFFF", [2**63 - 1, -1]),
        ("1..5 1..=5 a...b", [1, "..", 5, 1, "..=", 5, "a", "...", "b"]),
        ("t.0.1 t.0..2", ["t", 0, 1, "t", 0, "..", 2]),
        ("'a{b}' r\"\\n{\"", ["a{b}", "\\n{"]),
        (r'"\n\t\r\\\"\{\}" ' + r"'\''", ['\n\t\r\\"{}', "'"]),
        (r'"\d\u0041\0"', ["\\d\\u0041\\0"]),  # unknown escapes keep their backslash
        ('"" "two\nlines"', ["", "two\nlines"]),
        ('"a{x}b{y}"', ["<", "a", "x", "b", "y", "", ">"]),
        ('f"{x}"', ["<", "", "x", "", ">"]),
        ('"{f({a: "}"})}"', ["<", "", "f", "(", "{", "a", ":", "}", "}", ")", "", ">"]),
        ('"a{"b{"c"}"}"', ["<", "a", "<", "b", "c", "", ">", "", ">"]),
        ("a // b\nc", ["a", "c"]),
        ("a /* /* b */ */ c", ["a", "c"]),
        ("#!/usr/bin/env tova\nx", ["x"]),
        ("a / b / c", ["a", "/", "b", "/", "c"]),
        ("a) / b] / c} / 2 / 'd' / e", ["a", ")", "/", "b", "]", "/", "c", "}", "/", 2, "/", "d", "/", "e"]),
        ("x = /a[/]b\\/c/gi", ["x", "=", ("a[/]b\\/c", "gi")]),
        ("f(/a/, /=/)", ["f", "(", ("a", ""), ",", ("=", ""), ")"]),
        ("return /x/", ["return", ("x", "")]),
        ("a /= 2", ["a", "/=", 2]),
        ("a::b", ["a", ":", ":", "b"]),
    ],
)
def test_tokens(text: str, expected: list[object]) -> None:
    assert lex(text) == (expected, [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"""a"""', ["a"]),
        ('"""\n  a\n    b\n\n  c\n  """', ["a\n  b\n\nc"]),
        ('"""\n  a\n  """ + 1', ["a", "+", 1]),
        ('"""first\n  second"""', ["first\n  second"]),
        ('"""\n    a{x}\n\n      {y}\n    """', ["<", "a", "x", "\n\n  ", "y", "", ">"]),
        ('"""\n  say "hi"\\n\n"""', ['say "hi"\n']),
        ('"""\n"""', [""]),
    ],
)
def test_triple_strings_are_dedented(text: str, expected: list[object]) -> None:
    assert lex(text) == (expected, [])


@pytest.mark.parametrize("word", sorted(FIXED))
def test_every_operator_and_word_is_one_token(word: str) -> None:
    before = "" if word == "/" or word == "/=" else "x "
    diagnostics = Diagnostics()
    tokens = tokenize(SourceFile("t", f"x {before}{word} y"), diagnostics)
    assert FIXED[word] in tokens.kinds
    assert not diagnostics.items


def test_words_of_the_reference_beyond_the_core_are_names() -> None:
    words = "server browser client shared route state computed effect component store form field group steps"
    diagnostics = Diagnostics()
    tokens = tokenize(SourceFile("t", words + " test bench concurrent spawn select timeout where it"), diagnostics)
    assert set(tokens.kinds[:-3]) == {IDENT}
    assert "default" in KEYWORDS


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ('x = "abc', ["E0003 4-5"]),
        ("'abc", ["E0003 0-1"]),
        ('r"abc', ["E0003 0-2"]),
        ('"""abc"', ["E0003 0-3"]),
        ('"a{x', ["E0003 0-1"]),
        ('"a{x} b', ["E0003 0-1"]),
        ("a /* b /* c */", ["E0004 2-4"]),
        ("x = /abc", ["E0005 4-5"]),
        ("x = /abc/q", ["E0005 9-10"]),
        ("a # b", ["E0002 2-3"]),
        ("a \x00 b", ["E0002 2-3"]),
        ("\u00a0x", []),  # a blank of another kind
        ("x = \u20ac", ["E0002 4-5"]),
        ("12abc", ["E0006 0-5"]),
        ("1__0", ["E0006 0-4"]),
        ("0x", ["E0006 0-2"]),
        ("0b12", ["E0006 0-4"]),
        ("x = .5", ["E0006 4-6"]),
        ("9223372036854775809", ["E0007 0-19"]),
        ("0x10000000000000000", ["E0007 0-19"]),
        ("1" * 5000, ["E0007 0-5000"]),
        ('"a{}b"', ["E0008 2-4"]),
    ],
)
def test_errors_name_their_place(text: str, errors: list[str]) -> None:
    assert lex(text)[1] == errors


def test_strings_nest_to_a_limit() -> None:
    fits = '"{' * MAX_STRING_NESTING + "1" + '}"' * MAX_STRING_NESTING
    assert lex(fits)[1] == []
    assert [e.split()[0] for e in lex('"{' * 1000)[1]] == ["E0009"]


def test_tokens_know_that_they_are_first_on_their_line() -> None:
    tokens = tokenize(SourceFile("t", "a b\n  c /* \n */ d\r\ne"), Diagnostics())
    firsts = [v for i, v in enumerate(tokens.values) if i in tokens.line_starts and v]
    assert firsts == ["a", "c", "d", "e"]


def test_brackets_find_their_partner() -> None:
    tokens = tokenize(SourceFile("t", '(a[b]{c"{d}"})('), Diagnostics())
    opened = {tokens.starts[i]: tokens.starts[j] for i, j in tokens.partner.items()}
    assert opened == {0: 13, 2: 4, 5: 12, 7: 11}


def test_offsets_cover_the_text_of_each_token() -> None:
    text = 'fn f(x) { "a{x}" + r"b" + \'c\' + 0x1F }'
    tokens = tokenize(SourceFile("t", text), Diagnostics())
    spans = [text[s:e] for s, e in zip(tokens.starts, tokens.ends, strict=True)]
    assert spans[:7] == ["fn", "f", "(", "x", ")", "{", '"']
    assert spans[8:17] == ["x", "", '"', "+", 'r"b"', "+", "'c'", "+", "0x1F"]


def test_only_infix_operators_have_a_level() -> None:
    infix = {spelling(kind) for kind, level in enumerate(LEVELS) if level}
    assert {"+", "|>", "??", "in", "is", "not", "..", "**"} <= infix
    assert not infix & {"=", "+=", "!", "~", "=>", "->", "...", ",", "?"}
