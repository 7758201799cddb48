"""One line of textual IR as tokens, and the small things that lines are made of: names, numbers, types, literals."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn, TypeVar

from ..diagnostics import SourceFile, nearest
from . import types as t
from .core import Loc
from .ops.numeric import f64_of_bits, wrap64

_DEPTH_LIMIT = 64  # of types and lists: the text may come from anywhere
_NUMBER_LIMIT = 400  # characters of a number; more would make Python refuse or stall

_TOKEN = re.compile(
    r"""
    [ \t\f\v]+ | ;.*
    | (?P<name>[@%^](?:[\w$.]+(?:-[\w$.]+)*|"(?:[^"\\]|\\.)*"))
    | (?P<string>"(?:[^"\\]|\\.)*")
    | (?P<loc>!(?:"(?:[^"\\]|\\.)*":)?\d{1,9}:\d{1,9}(?:\+\d{1,9})?\b)
    | (?P<number>nan:0x[0-9a-f]{16}|-inf\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<word>[^\W\d][\w$.]*|\$[\w$.]*)
    | (?P<mark>->|[(){}\[\]=:,<>|+-])
    | (?P<bad>.)
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]{1,6}\}|.)")
_LOC = re.compile(r'!(?:("(?:[^"\\]|\\.)*"):)?(\d+):(\d+)(?:\+(\d+))?')
_CHARACTERS = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
_WORD_LITERALS: dict[str, Any] = {"true": True, "false": False, "none": None, "nan": float("nan"), "inf": float("inf")}

#: Type names and their number of arguments; None: the arguments are names of closures; _ANY: any number of types.
_ANY = -1
_ARITY: dict[str, int | None] = dict.fromkeys(
    (type_.name for type_ in (*t.SCALARS, *t.STORAGE, t.NIL, t.DYN, t.STRING, t.OBJECT)), 0
)
_ARITY |= {"array": 1, "opt": 1, "cell": 1, "fn": None, "tuple": _ANY, "sum": _ANY, "case": _ANY}

_T = TypeVar("_T")


class Token(NamedTuple):
    """A word of the text: its kind (a group of `_TOKEN`, or "end" of the line), its text and its place."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def name(self) -> str:
        """What stands behind the sigil of a name."""
        return unquote(self.text[1:]) if self.text[1] == '"' else self.text[1:]


class Malformed(Exception):
    """The line breaks the grammar; ends the reading of this line."""

    def __init__(self, code: str, message: str, start: int, end: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.start, self.end, self.hint = code, message, start, end, hint


def unquote(text: str) -> str:
    """The string that `quote` wrote as `text`. Unknown escapes stand for the escaped character."""

    def character(match: re.Match[str]) -> str:
        escape = match[1]
        if len(escape) == 1:
            return _CHARACTERS.get(escape, escape)
        return chr(min(int(escape[2:-1], 16), 0x10FFFF))

    return _ESCAPE.sub(character, text[1:-1]) if "\\" in text else text[1:-1]


class Line:
    """A cursor over the tokens of one line."""

    __slots__ = ("at", "tokens")

    def __init__(self, source: SourceFile, start: int, end: int) -> None:
        self.at = 0
        tokens: list[Token] = []
        self.tokens = tokens
        for match in _TOKEN.finditer(source.text, start, end):
            kind = match.lastgroup
            if kind == "bad":
                self._refuse(match[0], match.start(), end)
            if kind is not None:
                tokens.append(Token(kind, match[0], match.start()))
        tokens.append(Token("end", "", end))

    def _refuse(self, char: str, start: int, end: int) -> NoReturn:
        if char == '"':
            raise Malformed("E0900", "the string is not closed", start, end, 'strings end with `"` on the same line')
        if char in "@%^":
            raise Malformed("E0900", f"a name is missing after '{char}'", start, start + 1)
        hint = "locations are written !line:column or !line:column+length" if char == "!" else None
        raise Malformed("E0900", f"unexpected character {char!r}", start, start + 1, hint)

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def fail(self, message: str, hint: str | None = None, token: Token | None = None, code: str = "E0900") -> NoReturn:
        token = token or self.token
        raise Malformed(code, message, token.start, max(token.end, token.start + 1), hint)

    def expected(self, what: str, hint: str | None = None) -> NoReturn:
        found = f"'{self.token.text}'" if self.token.text else "the end of the line"
        self.fail(f"expected {what}, found {found}", hint)

    def accept(self, text: str) -> bool:
        """Pass over the mark or word `text` if it comes next."""
        token = self.tokens[self.at]
        if token.text == text and token.kind in ("mark", "word"):
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> Token:
        token = self.token
        if not self.accept(text):
            self.expected(f"'{text}'")
        return token

    def take(self, kind: str, what: str) -> Token:
        token = self.token
        if token.kind != kind:
            self.expected(what)
        self.at += 1
        return token

    def starts(self, sigil: str) -> bool:
        token = self.tokens[self.at]
        return token.kind == "name" and token.text[0] == sigil

    def name(self, sigil: str, what: str) -> Token:
        if not self.starts(sigil):
            self.expected(what, f"{what} starts with '{sigil}'")
        self.at += 1
        return self.tokens[self.at - 1]

    def string(self, what: str) -> str:
        return unquote(self.take("string", what).text)

    def integer(self, what: str) -> int:
        value = self.number(self.take("number", what))
        if not isinstance(value, int):
            self.fail(f"{what} must be an integer", token=self.tokens[self.at - 1])
        return value

    def number(self, token: Token) -> int | float:
        text = token.text
        if text.startswith("nan:"):
            return f64_of_bits(wrap64(int(text[4:], 16)))
        if len(text) > _NUMBER_LIMIT:
            self.fail("the number has too many digits", token=token)
        try:
            return int(text)
        except ValueError:
            return float(text)

    def listed(self, close: str, item: Callable[[], _T]) -> list[_T]:
        """Items separated by commas up to the mark `close`, which is passed over."""
        items: list[_T] = []
        if self.accept(close):
            return items
        while True:
            items.append(item())
            if self.accept(close):
                return items
            if not self.accept(","):
                self.expected(f"',' or '{close}'")

    def finish(self) -> None:
        if self.token.kind != "end":
            hint = "a comma may be missing before it" if self.token.kind == "name" else None
            self.expected("the end of the line", hint)

    # Types and literals.

    def type(self, depth: int = 0) -> t.Type:
        token = self.take("word", "a type")
        if depth > _DEPTH_LIMIT:
            self.fail("the type is nested too deeply", token=token)
        if token.text not in _ARITY:
            close = nearest(token.text, _ARITY)
            self.fail(f"unknown type '{token.text}'", close and f"did you mean '{close}'?", token, "E0901")
        arity = _ARITY[token.text]
        args: list[t.Type] = []
        if self.accept("<"):
            closures = arity is None
            args = self.listed(">", lambda: self.closure_name() if closures else self.type(depth + 1))
        if arity == _ANY:
            self.check_cases(token, args)
        elif arity is not None and len(args) != arity:
            what = "one argument" if arity == 1 else "no arguments"
            self.fail(f"the type '{token.text}' takes {what}, not {len(args)}", None, token, "E0901")
        return t.make(token.text, tuple(args))

    def check_cases(self, token: Token, args: list[t.Type]) -> None:
        """The arguments of a sum are cases, and nothing else has cases as arguments."""
        if any((arg.name == "case") != (token.text == "sum") for arg in args):
            self.fail("cases are what a sum consists of", "write sum<case<...>, case<...>>", token, "E0901")

    def closure_name(self) -> t.Type:
        return t.make(self.take("word", "the name of a closure").text)

    def literal(self, depth: int = 0) -> Any:
        token = self.token
        self.at += 1
        if token.kind == "number":
            return self.number(token)
        if token.kind == "string":
            return unquote(token.text)
        if token.kind == "word" and token.text in _WORD_LITERALS:
            return _WORD_LITERALS[token.text]
        if token.text == "[":
            if depth > _DEPTH_LIMIT:
                self.fail("the list is nested too deeply", token=token)
            return self.listed("]", lambda: self.literal(depth + 1))
        self.at -= 1
        return self.expected("a constant", "constants are numbers, strings, true, false, none and [lists]")

    def starts_literal(self) -> bool:
        token = self.token
        return token.kind in ("number", "string") or token.text in _WORD_LITERALS or token.text == "["

    def attributes(self) -> list[tuple[Token, Any]]:
        """`key = literal, ...}` after the opening brace."""

        def item() -> tuple[Token, Any]:
            key = self.take("word", "the name of an attribute")
            self.expect("=")
            return key, self.literal()

        return self.listed("}", item)

    def location(self, home_file: str) -> Loc | None:
        """The location at the end of the line, if there is one."""
        if self.token.kind != "loc":
            return None
        found = _LOC.fullmatch(self.token.text)
        assert found is not None  # the token has this form
        self.at += 1
        return Loc(unquote(found[1]) if found[1] else home_file, int(found[2]), int(found[3]), int(found[4] or 1))


def converted(value: Any, kind: Any) -> Any:
    """Whole numbers may be written without a point where a float is wanted."""
    return float(value) if kind is float and type(value) is int and abs(value) < 2**1023 else value


def fits(value: Any, kind: Any) -> bool:
    return kind is object or type(value) is kind


def declaration(line: Line) -> tuple[Token, t.Type]:
    """`%name: type`."""
    token = line.name("%", "the name of a value")
    line.expect(":")
    return token, line.type()
