"""How problems are shown to the user."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from wasmlathe.diagnostics import (
    CODES,
    MAX_ERRORS,
    CompileError,
    Diagnostic,
    Diagnostics,
    SourceFile,
    Span,
    nearest,
    render,
    render_all,
)


def shown(text: str, start: int, end: int, **parts: object) -> str:
    span = Span(SourceFile("file.tova", text), start, end)
    return render(Diagnostic("error", "E0202", "cannot assign to immutable 'x'", span, **parts))  # type: ignore[arg-type]


def test_a_diagnostic_points_at_its_place() -> None:
    text = "fn f() {\n    x = 1\n    x = 2\n}"
    assert shown(text, 23, 24, hint="declare it with `var x = ...`") == inspect.cleandoc("""
        error[E0202]: cannot assign to immutable 'x'
          --> file.tova:3:5
           |
         3 |     x = 2
           |     ^
           = hint: declare it with `var x = ...`
    """)


def test_the_margin_grows_with_the_line_number() -> None:
    text = "\n" * 119 + "abc def"
    assert shown(text, 123, 126, notes=["one", "two"]).splitlines()[1:] == [
        "    --> file.tova:120:5",
        "     |",
        " 120 | abc def",
        "     |     ^^^",
        "     = note: one",
        "     = note: two",
    ]


def carets(text: str, start: int, end: int) -> list[str]:
    """The source line and the line of carets, without the margin."""
    return [line.partition("| ")[2] for line in shown(text, start, end).splitlines()[3:5]]


@pytest.mark.parametrize(
    ("text", "start", "end", "line", "marks"),
    [
        ("\tx\ty = 1", 3, 4, "    x    y = 1", "         ^"),
        ("\tx\ty = 1", 1, 4, "    x    y = 1", "    ^^^^^^"),
        ("日本 = x", 5, 6, "日本 = x", "       ^"),
        ("日本 = x", 0, 2, "日本 = x", "^^^^"),
        ("e\u0301 = x", 5, 6, "e\u0301 = x", "    ^"),
        ("a\x1b[1m\x00b", 6, 7, "a\ufffd[1m\ufffdb", "      ^"),
        ("abc\ndef", 1, 6, "abc", " ^^"),  # a span over several lines is shown on its first
        ("abc", 3, 3, "abc", "   ^"),
        ("abc\r\ndef", 4, 5, "def", "^"),
    ],
)
def test_carets_align(text: str, start: int, end: int, line: str, marks: str) -> None:
    assert carets(text, start, end) == [line, marks]


@pytest.mark.parametrize("at", [0, 20, 5_000_000, 9_999_999])
def test_a_long_line_is_cut_around_the_caret(at: int) -> None:
    text = "a" * at + "X" + "b" * (10_000_000 - at)
    line, marks = carets(text, at, at + 1)
    assert len(line) <= 106
    assert line[len(marks) - 1] == "X"
    assert marks.strip() == "^"
    assert line.startswith("...") == (at > 20)
    assert line.endswith("...") == (at < 9_999_990)


def test_a_long_span_does_not_leave_the_excerpt() -> None:
    line, marks = carets("x" * 1000, 10, 900)
    assert len(marks) <= len(line) == 103


def test_without_a_place_there_is_only_the_message() -> None:
    diagnostic = Diagnostic("error", "E0501", "unknown pass 'dcee'", hint="did you mean `dce`?")
    assert render(diagnostic) == "error[E0501]: unknown pass 'dcee'\n  = hint: did you mean `dce`?"


def test_color_adds_only_escapes() -> None:
    span = Span(SourceFile("f", "x = 1"), 0, 1)
    diagnostic = Diagnostic("warning", "W0001", "unused", span, hint="remove it")
    colored = render(diagnostic, color=True)
    assert "\x1b[1;33m" in colored
    for code in ("\x1b[1;33m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"):
        colored = colored.replace(code, "")
    assert colored == render(diagnostic)


def test_positions() -> None:
    file = SourceFile("f", "ab\n\ncd\n")
    assert [file.position(i) for i in (0, 2, 3, 4, 6, 7)] == [(1, 1), (1, 3), (2, 1), (3, 1), (3, 3), (4, 1)]
    assert [file.line_text(n) for n in (1, 2, 3, 4)] == ["ab", "", "cd", ""]


def test_codes_are_documented_and_checked() -> None:
    assert all(meaning.endswith(".") and len(code) == 5 for code, meaning in CODES.items())
    with pytest.raises(ValueError, match="E9999"):
        Diagnostic("error", "E9999", "no such code")


def test_the_collector_sorts_counts_and_stops_keeping() -> None:
    diagnostics = Diagnostics()
    file = SourceFile("f", "abc")
    diagnostics.warning("W0001", "third", Span(file, 2, 3))
    assert not diagnostics.has_errors
    diagnostics.raise_if_errors()
    diagnostics.error("E0200", "second", Span(file, 1, 2))
    diagnostics.error("E0500", "first")
    with pytest.raises(CompileError) as caught:
        diagnostics.raise_if_errors()
    assert [d.message for d in caught.value.diagnostics] == ["first", "second", "third"]
    assert render_all(caught.value.diagnostics).count("\n\n") == 2
    for _ in range(100):
        diagnostics.error("E0200", "again")
    assert diagnostics.is_full
    assert diagnostics.error_count == 102
    assert len([d for d in diagnostics.items if d.severity == "error"]) == MAX_ERRORS


def test_nearest() -> None:
    assert nearest("lenght", ["length", "len", "print"]) == "length"
    assert nearest("xyz", ["length"]) is None


def test_load(tmp_path: Path) -> None:
    path = tmp_path / "a.tova"
    path.write_bytes(b"\xef\xbb\xbfx = 1\r\ny\r\n")
    assert SourceFile.load(str(path)).text == "x = 1\ny\n"
    path.write_bytes(b"ab\xff")
    with pytest.raises(CompileError, match="not UTF-8: byte 0xff at offset 2"):
        SourceFile.load(str(path))
    path.write_bytes(b"\xef\xbb\xbfab\xff")
    with pytest.raises(CompileError, match="offset 5"):
        SourceFile.load(str(path))
    with pytest.raises(CompileError, match="cannot read .*No such file"):
        SourceFile.load(str(tmp_path / "missing.tova"))
    with pytest.raises(CompileError, match="cannot read"):
        SourceFile.load(str(tmp_path))


def test_importing_loads_nothing_heavy() -> None:
    heavy = "dataclasses inspect difflib re typing pathlib unicodedata"
    code = f"import wasmlathe.diagnostics, sys; print([m for m in {heavy.split()} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-I", "-S", "-c", _PATH + code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# `-S` leaves out the site directory, whose start-up files may load modules; the package is found by hand.
_PATH = f"""
import sys, types
package = types.ModuleType("wasmlathe")
package.__path__ = [{str(Path(inspect.getfile(Diagnostic)).parent)!r}]
sys.modules["wasmlathe"] = package
"""
