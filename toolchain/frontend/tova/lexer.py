"""Text to tokens.

One master regular expression finds a token with the blanks before it; what it cannot decide alone (strings with
interpolation, nested comments, `/`) is left to the methods of `_Lexer`. Tokens are kept as parallel lists, not as objects,
because the parser then reads them at list speed. An interpolated string becomes a bracket pair in the stream:

    "a{x}b"    =>    TEXT_OPEN  TEXT "a"  IDENT x  TEXT "b"  TEXT_CLOSE
"""

from __future__ import annotations

import re
from typing import Any

from wasmlathe.diagnostics import Diagnostics, SourceFile, Span
from wasmlathe.frontend.tova.tokens import (
    BRACKET_LIMIT,
    ENDS_VALUE,
    EOF,
    FIXED,
    FLOAT,
    IDENT,
    INT,
    LBRACE,
    RBRACE,
    REGEX,
    SLASH,
    SLASH_ASSIGN,
    STRING,
    TEXT,
    TEXT_CLOSE,
    TEXT_OPEN,
    TUPLE_INDEX,
)

MAX_STRING_NESTING = 64
_MAX_MISMATCH = 200  # how many unclosed brackets a closing one may skip
_INT_LIMIT = 1 << 63  # the parser accepts this value only directly behind a minus

_OPERATORS = (
    r"[(){}\[\],:;@~]"  # `::` is two colons, as in the slice `[::2]`
    r"|=>|===?|=|!==?|!|->|-=?|\+=?|\*\*=|\*\*|\*=?|%=?"
    r"|<<=|<<|<=|<|>>>|>>=|>>|>=|>|&&|&=?|\|\||\|>|\|=?|\^=?"
    r"|\?\?|\?\.|\?|\.\.\.|\.\.=|\.\.|\.(?![0-9])|/(?![/*])=?"
)
# Groups: 1 word or operator, 2 line end, 3 plain string, 4 number or tuple index, 5 line comment.
# A match of none of them is the end of the text or something for `_Lexer.rare`.
_TOKEN = re.compile(
    r"[ \t\r\f\v]*(?:"
    rf'([A-Za-z_$][A-Za-z0-9_$]*+(?!["\x80-\U0010ffff])|{_OPERATORS})'
    r"|(\n\s*)"
    r'|"(?!"")([^"\\{]*)"'
    r"|(0[xXbBoO][0-9A-Za-z_]*|[0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9][0-9_]*)?[A-Za-z_$]*|\.[0-9]+)"
    r"|(//[^\n]*)"
    r"|)"
)
_WORD = re.compile(r"[A-Za-z_$\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*")
_REGEX = re.compile(r"/((?:[^/\\\n\[]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n])*\])+)/([A-Za-z]*)")
_REGEX_FLAGS = frozenset("gimsuydv")
_ODD_CHARACTERS = re.compile(r"[^\w\s\"'(){}\[\],;/$.=+*-]+|.", re.DOTALL)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
# Where the text of a string is interrupted, by the opening quotes.
_STRING_STOP = {
    '"': re.compile(r'["\\{]'),
    "'": re.compile(r"['\\]"),
    '"""': re.compile(r'"""|[\\{]'),
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'", "{": "{", "}": "}"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_RADIX = {"x": 16, "b": 2, "o": 8}


class Tokens:
    """The tokens of a file as parallel lists, ended by three EOF tokens so that looking ahead needs no check.

    `values` holds the name, the number, the text, or (pattern, flags); `line_starts` the indices of tokens that are the
    first on their line; `partner` the index of the closing bracket for every opening one that has one.
    """

    __slots__ = ("ends", "is_truncated", "kinds", "line_starts", "partner", "starts", "values")

    def __init__(self) -> None:
        self.kinds: list[int] = []
        self.values: list[Any] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.line_starts: set[int] = {0}
        self.partner: dict[int, int] = {}
        self.is_truncated = False  # an unterminated string or comment swallowed the rest


def tokenize(source: SourceFile, diagnostics: Diagnostics) -> Tokens:
    """The tokens of `source`; what is wrong with them is reported and replaced by something harmless."""
    lexer = _Lexer(source, diagnostics)
    start = 0
    if source.text.startswith("#!"):
        start = source.text.find("\n")
        start = len(source.text) if start < 0 else start
    lexer.run(start)
    tokens = lexer.tokens
    for _ in range(3):
        tokens.line_starts.add(len(tokens.kinds))
        lexer.emit(EOF, None, len(source.text), len(source.text))
    return tokens


class _Lexer:
    """The state of one `tokenize`."""

    def __init__(self, source: SourceFile, diagnostics: Diagnostics) -> None:
        self.source = source
        self.text = source.text
        self.diagnostics = diagnostics
        self.tokens = Tokens()
        self.open: list[int] = []  # indices of opening brackets that wait for their partner
        self.string_depth = 0

    def error(self, code: str, message: str, start: int, end: int, hint: str | None = None) -> None:
        self.diagnostics.error(code, message, Span(self.source, start, end), hint)

    def emit(self, kind: int, value: Any, start: int, end: int) -> None:
        tokens = self.tokens
        tokens.kinds.append(kind)
        tokens.values.append(value)
        tokens.starts.append(start)
        tokens.ends.append(end)

    def run(self, position: int, is_interpolation: bool = False) -> int:
        """Tokenize from `position` to the end of the text, or of the interpolation; returns where that is."""
        tokens = self.tokens
        add_kind, add_value = tokens.kinds.append, tokens.values.append
        add_start, add_end = tokens.starts.append, tokens.ends.append
        kinds, line_starts, fixed, limit = tokens.kinds, tokens.line_starts, FIXED.get, BRACKET_LIMIT
        base = len(self.open)
        scan = _TOKEN.scanner(self.text, position).match  # type: ignore[attr-defined]  # not in typeshed
        while True:
            found = scan()
            group = found.lastindex
            if group == 1:
                text = found[1]
                kind = fixed(text, IDENT)
                start, end = found.span(1)
                if kind < limit:
                    if kind == RBRACE and is_interpolation and not self.has_open_brace(base):
                        del self.open[base:]
                        return int(end)
                    self.bracket(kind, base)
                elif (kind == SLASH or kind == SLASH_ASSIGN) and (not kinds or kinds[-1] not in ENDS_VALUE):
                    position = self.regex(start)
                    scan = _TOKEN.scanner(self.text, position).match  # type: ignore[attr-defined]
                    continue
                add_kind(kind)
                add_value(text)
                add_start(start)
                add_end(end)
            elif group == 2:
                line_starts.add(len(kinds))
            elif group == 3:
                start, end = found.span(3)
                add_kind(STRING)
                add_value(found[3])
                add_start(start - 1)
                add_end(end + 1)
            elif group == 4:
                start, end = found.span(4)
                kind, value = self.number(found[4], start, end)
                add_kind(kind)
                add_value(value)
                add_start(start)
                add_end(end)
            elif group is None:
                position = found.end()
                if position == len(self.text):
                    return position
                position = self.rare(position)
                if self.diagnostics.is_full:
                    tokens.is_truncated = True
                    return len(self.text)
                scan = _TOKEN.scanner(self.text, position).match  # type: ignore[attr-defined]

    # --- brackets -----------------------------------------------------------------------------------------------------

    def has_open_brace(self, base: int) -> bool:
        kinds = self.tokens.kinds
        return any(kinds[index] == LBRACE for index in self.open[base:])

    def bracket(self, kind: int, base: int) -> None:
        """Pair the bracket that is about to be emitted; openers that it skips stay without partner."""
        index = len(self.tokens.kinds)
        if not kind & 1:
            self.open.append(index)
            return
        kinds = self.tokens.kinds
        deepest = len(self.open) - 1
        for depth in range(deepest, max(base, deepest - _MAX_MISMATCH) - 1, -1):
            opener = kinds[self.open[depth]]
            if opener == kind - 1:
                self.tokens.partner[self.open[depth]] = index
                del self.open[depth:]
                return
            if opener == LBRACE:
                return  # a `)` or `]` does not close a block

    # --- numbers ------------------------------------------------------------------------------------------------------

    def number(self, text: str, start: int, end: int) -> tuple[int, int | float]:
        if text[0] == ".":
            if self.tokens.kinds and self.tokens.kinds[-1] in ENDS_VALUE:
                if len(text) < 10:
                    return TUPLE_INDEX, int(text[1:])
                self.error("E0006", "a tuple index has at most eight digits", start, end)
                return TUPLE_INDEX, 0
            self.error("E0006", "a decimal point needs a digit on both sides", start, end, f"write `0{text}`")
            return FLOAT, float(text)
        if text.isdigit() and len(text) < 19:
            return INT, int(text)
        try:
            value = _number(text)
        except ValueError:
            self.error("E0006", f"malformed number `{_shorten(text)}`", start, end)
            return INT, 0
        if isinstance(value, float):
            return FLOAT, value
        is_bit_pattern = text[1:2] in "xXbBoO" and text[0] == "0" and len(text) > 1
        if is_bit_pattern and _INT_LIMIT <= value < 2 * _INT_LIMIT:
            return INT, value - 2 * _INT_LIMIT
        if value > _INT_LIMIT:
            hint = "use a Float (with a decimal point or exponent) if precision does not matter"
            self.error("E0007", "integer literal does not fit into 64 bits", start, end, hint)
            return INT, 0
        return INT, value

    # --- what the master expression leaves over -----------------------------------------------------------------------

    def rare(self, at: int) -> int:
        """Handle what starts at `at`: a string of the other kinds, block comment, unusual name or unknown character."""
        text = self.text
        for opening, skip, handler in _RARE:
            if text.startswith(opening, at):
                return handler(self, at, at + skip)
        word = _WORD.match(text, at)
        if word is not None:
            if word[0].replace("$", "_").isidentifier():
                self.emit(FIXED.get(word[0], IDENT), word[0], at, word.end())
                return word.end()
            return self.unexpected(at, at + 1) if not text[at].isspace() else at + 1
        odd = _ODD_CHARACTERS.match(text, at)
        assert odd is not None  # it matches any character
        return self.unexpected(at, odd.end())

    def unexpected(self, start: int, end: int) -> int:
        text = self.text[start:end]
        if len(text) > 1:
            what = f"unexpected characters `{_shorten(text)}`"
        else:
            what = f"unexpected character `{text}`" if text.isprintable() else f"unexpected character U+{ord(text):04X}"
        self.error("E0002", what, start, end, _CHARACTER_HINTS.get(text[0]))
        return end

    def block_comment(self, start: int, position: int) -> int:
        depth = 1
        while depth:
            edge = _COMMENT_EDGE.search(self.text, position)
            if edge is None:
                self.error("E0004", "this comment is not closed", start, start + 2, "close it with `*/`")
                self.tokens.is_truncated = True
                return len(self.text)
            depth += 1 if edge[0] == "/*" else -1
            position = edge.end()
        if self.text.find("\n", start, position) >= 0:
            self.tokens.line_starts.add(len(self.tokens.kinds))
        return position

    def regex(self, start: int) -> int:
        found = _REGEX.match(self.text, start)
        if found is None:
            end = self.text.find("\n", start)
            end = len(self.text) if end < 0 else end
            hint = "a `/` here starts a regular expression; to divide, a value must stand before it"
            self.error("E0005", "this regular expression is not closed", start, min(end, start + 1), hint)
            self.emit(REGEX, ("", ""), start, end)
            return end
        flags = found[2]
        unknown = sorted(set(flags) - _REGEX_FLAGS)
        if unknown:
            self.error("E0005", f"unknown regular expression flag `{unknown[0]}`", found.start(2), found.end(2))
        self.emit(REGEX, (found[1], flags), start, found.end())
        return found.end()

    # --- strings ------------------------------------------------------------------------------------------------------

    def raw_string(self, start: int, position: int) -> int:
        end = self.text.find('"', position)
        if end < 0:
            return self.unterminated(start, position, "")
        self.emit(STRING, self.text[position:end], start, end + 1)
        return end + 1

    def plain_string(self, start: int, position: int) -> int:
        return self.string(start, position, "'")

    def template(self, start: int, position: int) -> int:
        return self.string(start, position, '"')

    def triple_string(self, start: int, position: int) -> int:
        return self.string(start, position, '"""')

    def string(self, start: int, position: int, quote: str) -> int:
        """A string whose text starts at `position`; `quote` closes it."""
        tokens, search = self.tokens, _STRING_STOP[quote].search
        first = len(tokens.kinds)  # of the tokens of this string
        texts: list[int] = []  # token indices of its text pieces, raw at first
        piece = position
        while True:
            stop = search(self.text, position)
            if stop is None:
                raw = "" if texts else self.text[piece:]
                return self.unterminated(start, piece, raw)
            position = stop.end()
            if stop[0] == "\\":
                position += 1
                continue
            raw = self.text[piece : stop.start()]
            if stop[0] != "{":
                break
            if not texts:
                self.open.append(first)
                self.emit(TEXT_OPEN, quote, start, start + 1)
            texts.append(len(tokens.kinds))
            self.emit(TEXT, raw, piece, stop.start())
            piece = position = self.interpolation(stop.start())
        if not texts:
            if quote == '"""':
                (raw,) = _dedent([raw])
            self.emit(STRING, _unescape(raw), start, position)
            return position
        texts.append(len(tokens.kinds))
        self.emit(TEXT, raw, piece, stop.start())
        raws = [tokens.values[index] for index in texts]
        for index, raw in zip(texts, _dedent(raws) if quote == '"""' else raws, strict=True):
            tokens.values[index] = _unescape(raw)
        tokens.partner[self.open.pop()] = len(tokens.kinds)
        self.emit(TEXT_CLOSE, quote, stop.start(), position)
        return position

    def interpolation(self, start: int) -> int:
        """The tokens of `{...}` with the brace at `start`; returns the position behind it."""
        if self.string_depth == MAX_STRING_NESTING:
            self.error("E0009", f"strings are nested more than {MAX_STRING_NESTING} levels deep", start, start + 1)
            self.tokens.is_truncated = True
            self.emit(STRING, "", start, start)
            return len(self.text)
        self.string_depth += 1
        first = len(self.tokens.kinds)
        end = self.run(start + 1, is_interpolation=True)
        self.string_depth -= 1
        if len(self.tokens.kinds) == first:
            if end < len(self.text) or self.text.endswith("}"):
                hint = "write `\\{\\}`, or use single quotes, for braces in the text"
                self.error("E0008", "this interpolation is empty", start, end, hint)
            self.emit(STRING, "", start, end)
        return end

    def unterminated(self, start: int, piece: int, raw: str) -> int:
        """Report a string without end; its tokens are completed so that only this error is seen."""
        if not self.tokens.is_truncated:
            opening = self.text[start : start + 3] if self.text.startswith('"""', start) else self.text[start]
            width = len(opening) if opening[0] in "\"'" else 2
            quote = '"""' if width == 3 else "'" if opening == "'" else '"'
            self.error("E0003", "this string is not closed", start, start + width, f"close it with `{quote}`")
        self.tokens.is_truncated = True
        end = len(self.text)
        if self.open and self.tokens.kinds[self.open[-1]] == TEXT_OPEN and self.tokens.starts[self.open[-1]] == start:
            self.emit(TEXT, "", piece, end)
            self.tokens.partner[self.open.pop()] = len(self.tokens.kinds)
            self.emit(TEXT_CLOSE, "", end, end)
        else:
            self.emit(STRING, raw, start, end)
        return end


# Opening text, how much of it is not content, handler; the first that fits counts.
_RARE = (
    ('"""', 3, _Lexer.triple_string),
    ('"', 1, _Lexer.template),
    ("'", 1, _Lexer.plain_string),
    ('f"""', 4, _Lexer.triple_string),
    ('f"', 2, _Lexer.template),
    ('r"', 2, _Lexer.raw_string),
    ("/*", 2, _Lexer.block_comment),
)
_CHARACTER_HINTS = {
    "#": "comments start with `//`",
    "`": 'interpolated strings are written in double quotes: "{x}"',
    "\\": "a line continues by itself where the next one starts with an operator",
    "\u201c": 'strings are written in straight quotes: "text"',
    "\u201d": 'strings are written in straight quotes: "text"',
}


def _number(text: str) -> int | float:
    """The value of a literal; ValueError if it is malformed."""
    if text.endswith("_") or "__" in text:
        raise ValueError(text)
    prefix = text[1:2].lower()
    if text[0] == "0" and prefix in _RADIX and prefix:
        if len(text) > 400:
            return 1 << 64
        return int(text[2:], _RADIX[prefix])
    digits = text.replace("_", "")
    if digits.isdigit():
        return int(digits) if len(digits) < 400 else 1 << 64
    return float(digits)


def _unescape(raw: str) -> str:
    """The text with escapes replaced; an unknown escape keeps its backslash."""
    if "\\" not in raw:
        return raw
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[0]), raw)


def _dedent(pieces: list[str]) -> list[str]:
    """Apply the rules of `\"\"\"` strings to the raw texts between interpolations."""
    lines: list[list[str | None]] = [[]]  # None marks an interpolation
    for number, piece in enumerate(pieces):
        if number:
            lines[-1].append(None)
        first, *rest = piece.split("\n")
        lines[-1].append(first)
        lines += [[line] for line in rest]
    if len(lines) > 1 and lines[0] == [""]:
        del lines[0]
    if len(lines) > 1 and _is_blank(lines[-1]):
        del lines[-1]
    written = [line for line in lines if not _is_blank(line)]
    indent = min((_indentation(line) for line in written), default=0)
    texts = [[""] if _is_blank(line) else [line[0][indent:], *line[1:]] for line in lines]  # type: ignore[index]
    result = [""]
    for number, line in enumerate(texts):
        if number:
            result[-1] += "\n"
        for part in line:
            if part is None:
                result.append("")
            else:
                result[-1] += part
    return result


def _is_blank(line: list[str | None]) -> bool:
    return len(line) == 1 and not (line[0] or "").strip()


def _indentation(line: list[str | None]) -> int:
    first = line[0] or ""
    return len(first) - len(first.lstrip())


def _shorten(text: str) -> str:
    return text if len(text) <= 20 else text[:17] + "..."
