"""Reading textual IR, as `print` writes it.

The text is a sequence of lines: one declaration, block label or op each. A broken line is reported and skipped, so that
one run shows all errors; when all lines are well-formed, the verifier's findings are reported at the ops they concern.

    text      = ["module" STRING stage] (global | data | closure | import | function)*
    function  = "func" @name "(" [%p ":" type, ...] ")" ["->" types] clause* "{" block* "}"
    block     = ^name ["(" %p ":" type, ... ")"] ":" ["cold"]  op*
    op        = [%r ":" type, ... "="] name [@reference] [literal] [%operand, ...] ["{" key "=" literal, ... "}"]
                [^target ["(" %arg, ... ")"], ...] [location]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, NoReturn, TypeVar

from ..diagnostics import Diagnostics, SourceFile, Span, nearest
from . import types as t
from .core import STAGES, Block, Closure, DataSegment, Function, Global, Loc, Module, Op, Target, Value
from .ops import TABLE, Effects, OpRow
from .ops.numeric import f64_of_bits
from .print import literal_key, reference_key
from .verify import verify

_DEPTH_LIMIT = 64  # of types and lists: the text may come from anywhere
_NUMBER_LIMIT = 400  # characters of a number; more would make Python refuse or stall

_TOKEN = re.compile(
    r"""
    [ \t\f\v]+ | ;.*
    | (?P<name>[@%^](?:[\w$.]+(?:-[\w$.]+)*|"(?:[^"\\]|\\.)*"))
    | (?P<string>"(?:[^"\\]|\\.)*")
    | (?P<loc>!(?:"(?:[^"\\]|\\.)*":)?\d+:\d+)
    | (?P<number>nan:0x[0-9a-f]{16}|-inf\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<word>[^\W\d][\w$.]*|\$[\w$.]*)
    | (?P<mark>->|[(){}\[\]=:,<>|+-])
    | (?P<bad>.)
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]{1,6}\}|.)")
_BYTE_ESCAPE = re.compile(r"\\([0-9a-fA-F]{2}|.?)")
_LOC = re.compile(r'!(?:("(?:[^"\\]|\\.)*"):)?(\d+):(\d+)')
_CHARACTERS = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
_WORD_LITERALS: dict[str, Any] = {"true": True, "false": False, "none": None, "nan": float("nan"), "inf": float("inf")}

#: Type names and their number of arguments; None: the arguments are names of closures.
_ARITY: dict[str, int | None] = dict.fromkeys((type_.name for type_ in (*t.SCALARS, t.NIL, t.DYN, t.STRING)), 0)
_ARITY |= {"array": 1, "opt": 1, "cell": 1, "fn": None}

_T = TypeVar("_T")
_D = TypeVar("_D", Global, DataSegment, Closure, Function)


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
        return _unquote(self.text[1:]) if self.text[1] == '"' else self.text[1:]


class _Malformed(Exception):
    """The line breaks the grammar; ends the reading of this line."""

    def __init__(self, code: str, message: str, start: int, end: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.start, self.end, self.hint = code, message, start, end, hint


def parse(text: str, filename: str = "<text>", *, default_stage: str | None = None, verified: bool = True) -> Module:
    """The module that `text` describes.

    Raises CompileError with all errors found. With `default_stage` the `module` line may be missing: the name is then
    "t". With `verified=False` rules of the verifier may be broken, as tests of the verifier want it.
    """
    reader = _ModuleReader(SourceFile(filename, text), default_stage)
    module = reader.read()
    if verified and not reader.diagnostics.has_errors:
        reader.report_broken_rules()
    reader.diagnostics.raise_if_errors()
    return module


def _unquote(text: str) -> str:
    """The string that `quote` wrote as `text`. Unknown escapes stand for the escaped character."""

    def character(match: re.Match[str]) -> str:
        escape = match[1]
        if len(escape) == 1:
            return _CHARACTERS.get(escape, escape)
        return chr(min(int(escape[2:-1], 16), 0x10FFFF))

    return _ESCAPE.sub(character, text[1:-1]) if "\\" in text else text[1:-1]


class _Line:
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
            raise _Malformed("E0900", "the string is not closed", start, end, 'strings end with `"` on the same line')
        if char in "@%^":
            raise _Malformed("E0900", f"a name is missing after '{char}'", start, start + 1)
        hint = "locations are written !line:column" if char == "!" else None
        raise _Malformed("E0900", f"unexpected character {char!r}", start, start + 1, hint)

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def fail(self, message: str, hint: str | None = None, token: Token | None = None, code: str = "E0900") -> NoReturn:
        token = token or self.token
        raise _Malformed(code, message, token.start, max(token.end, token.start + 1), hint)

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
        return _unquote(self.take("string", what).text)

    def integer(self, what: str) -> int:
        value = self.number(self.take("number", what))
        if not isinstance(value, int):
            self.fail(f"{what} must be an integer", token=self.tokens[self.at - 1])
        return value

    def number(self, token: Token) -> int | float:
        text = token.text
        if text.startswith("nan:"):
            return f64_of_bits(int(text[4:], 16))
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
            self.fail(f"unexpected '{self.token.text}' at the end of the line")

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
        if arity is not None and len(args) != arity:
            self.fail(f"the type '{token.text}' takes {arity} arguments, not {len(args)}", None, token, "E0901")
        return t.make(token.text, tuple(args))

    def closure_name(self) -> t.Type:
        return t.make(self.take("word", "the name of a closure").text)

    def literal(self, depth: int = 0) -> Any:
        token = self.token
        self.at += 1
        if token.kind == "number":
            return self.number(token)
        if token.kind == "string":
            return _unquote(token.text)
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
        if len(self.token.text) > _NUMBER_LIMIT and not found[1]:
            self.fail("the number has too many digits")
        self.at += 1
        return Loc(_unquote(found[1]) if found[1] else home_file, int(found[2][:18]), int(found[3][:18]))


class _ModuleReader:
    """Reads the declarations of a module; hands the lines of a body to a `_BodyReader`."""

    def __init__(self, source: SourceFile, default_stage: str | None) -> None:
        self.source = source
        self.diagnostics = Diagnostics()
        self.module: Module | None = Module("t", default_stage) if default_stage else None
        self.is_headed = False
        self.body: _BodyReader | None = None
        #: Where ops, blocks and declarations stand, for the findings of the verifier.
        self.places: dict[object, Span] = {}

    def report(self, problem: _Malformed) -> None:
        self.error(problem.code, problem.message, problem.start, problem.end, problem.hint)

    def error(self, code: str, message: str, start: int, end: int, hint: str | None = None) -> None:
        self.diagnostics.error(code, message, Span(self.source, start, end), hint)

    def read(self) -> Module:
        source = self.source
        starts = source.line_starts
        for index, start in enumerate(starts):
            end = starts[index + 1] - 1 if index + 1 < len(starts) else len(source.text)
            self.read_line(start, end)
        if self.body is not None:
            self.error("E0900", "the function is not closed", *self.body.header, "end its body with a line `}`")
            self.close_body()
        if self.module is None:
            self.need_module(0)
        return self.module or Module("t", "mem")

    def read_line(self, start: int, end: int) -> None:
        try:
            line = _Line(self.source, start, end)
        except _Malformed as problem:
            self.report(problem)
            if self.body is not None:
                self.body.poison(self.source.text[start:end])
            return
        if line.token.kind == "end":
            return
        try:
            if self.body is not None and not self.is_declaration(line):
                if line.accept("}"):
                    self.close_body()
                    line.finish()
                else:
                    self.body.read_line(line)
            else:
                self.read_declaration(line)
        except _Malformed as problem:
            self.report(problem)
            if self.body is not None:
                self.body.poison(self.source.text[start:end])

    def is_declaration(self, line: _Line) -> bool:
        """Whether a line in a body must be a declaration: then a `}` is missing before it."""
        first, second = line.token, line.tokens[min(line.at + 1, len(line.tokens) - 1)]
        return first.text in _DECLARATIONS and first.text not in TABLE and second.kind in ("name", "string", "word")

    def close_body(self) -> None:
        assert self.body is not None
        self.body.close()
        self.body = None

    def read_declaration(self, line: _Line) -> None:
        if self.body is not None:
            self.error("E0900", "the function is not closed", *self.body.header, "end its body with a line `}`")
            self.close_body()
        token = line.take("word", "a declaration")
        read = _DECLARATIONS.get(token.text)
        if read is None:
            close = nearest(token.text, _DECLARATIONS)
            hint = f"did you mean '{close}'?" if close else f"declarations are {', '.join(_DECLARATIONS)}"
            line.fail(f"unknown declaration '{token.text}'", hint, token)
        read(self, line)
        line.finish()

    def need_module(self, start: int) -> Module:
        if self.module is None:
            hint = 'start with a line such as: module "name" mem'
            self.error("E0900", "the text does not say of which stage it is", start, start + 1, hint)
            self.module = Module("t", "mem")
        return self.module

    def read_module(self, line: _Line) -> None:
        token = line.tokens[line.at - 1]
        name = line.string("the module's name, a string")
        stage = line.take("word", "the module's stage")
        if stage.text not in STAGES:
            close = nearest(stage.text, STAGES)
            hint = f"did you mean '{close}'?" if close else f"stages are {', '.join(STAGES)}"
            self.module = self.module or Module(name, "mem")
            line.fail(f"unknown stage '{stage.text}'", hint, stage)
        if self.is_headed or (self.module is not None and self.module.functions):
            line.fail("a text holds one module, and begins with this line", None, token)
        self.is_headed = True
        self.module = Module(name, stage.text)

    def new_name(self, line: _Line, kind: str, existing: Iterable[str]) -> str:
        token = line.name("@", f"the name of the {kind}")
        if token.name in existing:
            line.fail(f"the {kind} {token.text} exists already", None, token, "E0903")
        return token.name

    def declare(self, items: dict[str, _D], item: _D, token: Token) -> None:
        """File an item under its name, and remember its place."""
        items[item.name] = item
        self.places[item] = Span(self.source, token.start, token.end)

    def read_global(self, line: _Line) -> None:
        variables = self.need_module(line.token.start).globals
        name = self.new_name(line, "global", variables)
        line.expect(":")
        type_ = line.type()
        line.expect("=")
        token = line.token
        init = _converted(line.literal(), _PYTHON_TYPES.get(type_, object))
        if not _fits(init, _PYTHON_TYPES.get(type_, object)):
            line.fail(f"'{token.text}' is no {type_}", None, token, "E0901")
        self.declare(variables, Global(name, type_, init, not line.accept("const")), token)

    def read_data(self, line: _Line) -> None:
        segments = self.need_module(line.token.start).data
        name = self.new_name(line, "data", segments)
        line.expect("align")
        align = line.integer("the alignment")
        token = line.take("string", "the bytes, a string")
        segment = DataSegment(name, self.data_bytes(token), align)
        while line.accept("at"):
            segment.relocations.append(self.relocation(line))
            if not line.accept(","):
                break
        self.declare(segments, segment, token)

    def data_bytes(self, token: Token) -> bytes:
        def character(match: re.Match[str]) -> str:
            if len(match[1]) == 2:
                return chr(int(match[1], 16))
            start = token.start + 1 + match.start()
            hint = "a byte is written as two hexadecimal digits, \\0a"
            raise _Malformed("E0900", "a backslash without two hexadecimal digits", start, start + 2, hint)

        if not token.text.isascii():
            hint = "write the bytes of the character's UTF-8 form as hexadecimal digits"
            raise _Malformed("E0900", "a character that is no byte", token.start, token.end, hint)
        return _BYTE_ESCAPE.sub(character, token.text[1:-1]).encode("latin-1")

    def relocation(self, line: _Line) -> tuple[int, str, int]:
        offset = line.integer("an offset")
        line.expect("->")
        name = line.name("@", "the name of the data").name
        addend = 0
        if line.accept("+"):
            addend = line.integer("the addend")
        elif line.accept("-"):
            addend = -line.integer("the addend")
        return offset, name, addend

    def read_closure(self, line: _Line) -> None:
        closures = self.need_module(line.token.start).closures
        token = line.token
        name = self.new_name(line, "closure", closures)
        line.expect("tag")
        tag = line.integer("the tag")
        line.expect("(")
        self.declare(closures, Closure(name, tag, line.listed(")", line.type)), token)

    def read_import(self, line: _Line) -> None:
        line.expect("func")
        function, _ = self.read_header(line, is_import=True)
        if "import" not in function.attrs:
            line.expected('where it comes from: from "module" "name"')

    def read_function(self, line: _Line) -> None:
        token = line.tokens[line.at - 1]
        function, params = self.read_header(line, is_import=False)
        self.body = _BodyReader(self, function, params, (token.start, line.token.start))
        if line.accept("}"):
            self.close_body()

    def read_header(self, line: _Line, is_import: bool) -> tuple[Function, list[tuple[Token, t.Type]]]:
        """The function's header up to the opening brace; it is added to the module even when the rest is broken."""
        module = self.need_module(line.token.start)
        token = line.token
        name = self.new_name(line, "function", module.functions)
        function = module.add(Function(name, [], ()))
        self.places[function] = Span(self.source, token.start, token.end)
        params: list[tuple[Token, t.Type]] = []
        line.expect("(")
        if is_import:
            function.param_types = line.listed(")", line.type)
        else:
            params = line.listed(")", lambda: _declaration(line))
            function.param_types = [type_ for _, type_ in params]
        if line.accept("->"):
            function.results = tuple(line.listed(")", line.type)) if line.accept("(") else (line.type(),)
        self.read_clauses(line, function, is_import)
        return function, params

    def read_clauses(self, line: _Line, function: Function, is_import: bool) -> None:
        file = ""
        while line.token.kind != "end":
            token = line.token
            if line.accept("{"):
                if not is_import and line.token.kind != "word":
                    return  # the body begins
                function.attrs.update((key.text, value) for key, value in line.attributes())
            elif token.kind == "loc":
                function.loc = line.location(file)
            elif line.accept("file"):
                file = line.string("the name of the file")
            else:
                self.read_clause(line, function, token)
        if not is_import:
            line.expected("'{', which begins the body")

    def read_clause(self, line: _Line, function: Function, token: Token) -> None:
        line.at += 1
        if token.text == "from":
            function.attrs["import"] = (line.string("the name of a module"), line.string("the name in the module"))
        elif token.text == "effects":
            function.attrs["effects"] = _effects(line)
        elif token.text == "export":
            function.exported = line.string("the name of the export")
        elif token.text == "source":
            function.source_name = line.string("the name in the program")
        elif token.text == "inline":
            function.attrs["inline"] = line.string('"always" or "never"')
        else:
            close = nearest(token.text, _CLAUSES)
            hint = f"did you mean '{close}'?" if close else f"clauses are {', '.join(_CLAUSES)}"
            line.fail(f"unknown clause '{token.text}'", hint, token)

    def report_broken_rules(self) -> None:
        """Report what the verifier finds, each at the op, block or declaration that it concerns."""
        assert self.module is not None  # read() made one
        for problem in verify(self.module):
            place = next((p for s in problem.subjects if (p := self.places.get(s)) is not None), None)
            self.diagnostics.error("E0904", problem.message, place, problem.hint)


_CLAUSES = ("from", "effects", "export", "source", "inline", "file")
_DECLARATIONS: dict[str, Callable[[_ModuleReader, _Line], None]] = {
    "module": _ModuleReader.read_module,
    "global": _ModuleReader.read_global,
    "data": _ModuleReader.read_data,
    "closure": _ModuleReader.read_closure,
    "import": _ModuleReader.read_import,
    "func": _ModuleReader.read_function,
}
_PYTHON_TYPES: dict[t.Type, Any] = {t.I32: int, t.I64: int, t.F64: float, t.BOOL: bool}


def _declaration(line: _Line) -> tuple[Token, t.Type]:
    """`%name: type`."""
    token = line.name("%", "the name of a value")
    line.expect(":")
    return token, line.type()


def _effects(line: _Line) -> Effects:
    effects = Effects.NONE
    while True:
        token = line.take("word", "an effect")
        if token.text not in Effects.__members__:
            hint = f"effects are {', '.join(Effects.__members__)}"
            line.fail(f"unknown effect '{token.text}'", hint, token, "E0901")
        effects |= Effects[token.text]
        if not line.accept("|"):
            return effects


def _converted(value: Any, kind: Any) -> Any:
    """Whole numbers may be written without a point where a float is wanted."""
    return float(value) if kind is float and type(value) is int and abs(value) < 2**1023 else value


def _fits(value: Any, kind: Any) -> bool:
    return kind is object or type(value) is kind


class _Pending(NamedTuple):
    """An op or label that was read, and what of it can only be resolved at the end of the function."""

    op: Op
    operands: list[Token]
    targets: list[tuple[Token, list[Token]]]


class _BodyReader:
    """Reads the blocks of one function. Names may be used before their definition, so they are resolved at its end."""

    def __init__(
        self, module: _ModuleReader, function: Function, params: list[tuple[Token, t.Type]], header: tuple[int, int]
    ) -> None:
        self.module = module
        self.function = function
        self.params = params
        self.header = header
        self.home_file = function.loc.file if function.loc else ""
        self.block: Block | None = None
        self.block_token: Token | None = None
        self.is_broken = False  # a line of the current block could not be read, maybe its terminator
        self.blocks: dict[str, Block] = {}
        self.values: dict[str, Value] = {}
        self.poisoned: set[str] = set()  # names whose definition could not be read: their uses are no errors
        self.pending: list[_Pending] = []

    def poison(self, text: str) -> None:
        """Note what a line that cannot be read seems to define."""
        self.is_broken = True
        self.poisoned.update(_DEFINED.findall(text))

    def read_line(self, line: _Line) -> None:
        if line.starts("^"):
            self.read_label(line)
        else:
            self.read_op(line)
        line.finish()

    # Blocks.

    def read_label(self, line: _Line) -> None:
        self.end_block()
        token = line.name("^", "the name of a block")
        self.block = self.function.add_block(_kept_name(token))
        self.block_token = token
        self.module.places[self.block] = self.span(token)
        if token.text in self.blocks:
            line.fail(f"the block {token.text} exists already", None, token, "E0903")
        self.blocks[token.text] = self.block
        is_entry = len(self.function.blocks) == 1
        if is_entry:
            self.add_params(self.block, self.params)
        if line.token.text == "(" and is_entry:
            line.fail("the entry's parameters are those in the function's header")
        if line.accept("("):
            self.add_params(self.block, line.listed(")", lambda: _declaration(line)))
        line.expect(":")
        self.block.cold = line.accept("cold")

    def add_params(self, block: Block, params: list[tuple[Token, t.Type]]) -> None:
        for token, type_ in params:
            self.define(token, block.add_param(type_, _kept_name(token)))

    def end_block(self) -> None:
        block, token = self.block, self.block_token
        if block is None or token is None:
            return
        if not self.is_broken and not (block.ops and block.ops[-1].row.terminator):
            hint = "end it with br, cond_br, switch, ret, panic or unreachable"
            self.module.error("E0902", f"the block {token.text} has no terminator", token.start, token.end, hint)
        self.is_broken = False

    # Ops.

    def read_op(self, line: _Line) -> None:
        first = line.token
        results: list[tuple[Token, t.Type]] = []
        while line.starts("%"):
            results.append(_declaration(line))
            if not line.accept(","):
                line.expect("=")
                break
        token = line.take("word", "an op")
        row = TABLE.get(token.text)
        if row is None:
            close = nearest(token.text, TABLE)
            line.fail(f"unknown op '{token.text}'", close and f"did you mean '{close}'?", token, "E0901")
        op = Op(row, [], tuple(type_ for _, type_ in results), self.read_constants(line, row, token))
        operands = self.read_operands(line)
        if line.accept("{"):
            self.read_attributes(line, op)
            line.accept(",")
        targets = self.read_targets(line)
        op.loc = line.location(self.home_file)
        line.finish()
        self.append(line, op, first)
        for value, (name, _) in zip(op.results, results, strict=True):
            value.name = _kept_name(name)
            self.define(name, value)
        self.pending.append(_Pending(op, operands, targets))
        self.module.places[op] = Span(self.module.source, first.start, line.tokens[line.at - 1].end)

    def read_constants(self, line: _Line, row: OpRow, token: Token) -> dict[str, Any]:
        """`@name` and the literal after the op's name."""
        attrs: dict[str, Any] = {}
        if line.starts("@"):
            key = reference_key(row)
            if key is None:
                line.fail(f"'{row.name}' names nothing", f"{row.name}: {row.doc}")
            attrs[key] = line.name("@", "a name").name
        if line.starts_literal():
            key = literal_key(row)
            if key is None:
                line.fail(f"'{row.name}' takes no constant", "constants come from ops such as `i64.const 1`")
            attrs[key] = _converted(line.literal(), row.attrs.get(key))
        return attrs

    def read_operands(self, line: _Line) -> list[Token]:
        operands: list[Token] = []
        while line.starts("%"):
            operands.append(line.name("%", "an operand"))
            if not line.accept(","):
                return operands
        if operands and not line.starts("^"):
            line.expected("an operand or a target after ','")
        return operands

    def read_attributes(self, line: _Line, op: Op) -> None:
        for key, value in line.attributes():
            if key.text in op.attrs:
                line.fail(f"the attribute '{key.text}' is given twice", None, key, "E0903")
            kind = op.row.attrs.get(key.text, op.row.attrs.get(key.text + "?"))
            op.attrs[key.text] = _converted(value, kind)

    def read_targets(self, line: _Line) -> list[tuple[Token, list[Token]]]:
        targets: list[tuple[Token, list[Token]]] = []
        while line.starts("^"):
            block = line.name("^", "the name of a block")
            args = line.listed(")", lambda: line.name("%", "an argument")) if line.accept("(") else []
            targets.append((block, args))
            if not line.accept(","):
                return targets
        if targets:
            line.expected("a target after ','")
        return targets

    def append(self, line: _Line, op: Op, first: Token) -> None:
        if self.block is None:
            line.fail("an op stands before the first block", "begin the body with a label such as `^entry:`", first)
        if self.block.ops and self.block.ops[-1].row.terminator and not self.is_broken:
            hint = "begin a new block before it"
            line.fail(f"'{op.name}' comes after the terminator of its block", hint, first, "E0902")
        self.block.append(op)

    # Names.

    def define(self, token: Token, value: Value) -> None:
        if token.text in self.values:
            message, hint = f"the value {token.text} is defined twice", "every value has one definition"
            self.module.error("E0903", message, token.start, token.end, hint)
        self.values[token.text] = value

    def close(self) -> None:
        """Resolve the names, now that all are known."""
        self.end_block()
        for op, operands, targets in self.pending:
            op.operands = self.resolve_values(operands)
            for token, args in targets:
                block = self.blocks.get(token.text)
                if block is None:
                    self.unknown("block", token, self.blocks)
                else:
                    op.targets.append(Target(block, self.resolve_values(args)))

    def resolve_values(self, tokens: list[Token]) -> list[Value]:
        found = [self.values.get(token.text) for token in tokens]
        for token, value in zip(tokens, found, strict=True):
            if value is None:
                self.unknown("value", token, self.values)
        return [value for value in found if value is not None]

    def unknown(self, kind: str, token: Token, known: Iterable[str]) -> None:
        if token.text in self.poisoned:
            return
        close = nearest(token.text, known)
        hint = f"did you mean '{close}'?" if close else None
        self.module.error("E0902", f"the function has no {kind} {token.text}", token.start, token.end, hint)

    def span(self, token: Token) -> Span:
        return Span(self.module.source, token.start, token.end)


_DEFINED = re.compile(r"%[\w$.-]+(?=\s*:)|(?<=^)\^[\w$.-]+")


def _kept_name(token: Token) -> str | None:
    """The name that the IR keeps: numbers are for what has none."""
    name = token.name
    return None if name.isdecimal() else name
