"""Reading textual IR, as `print` writes it.

The text is a sequence of lines: one declaration, block label or op each. A broken line is reported and skipped, so that
one run shows all errors; when all lines are well-formed, the verifier's findings are reported at the ops they concern.

    text      = ["module" STRING stage] (global | data | closure | layout | declared | export | import | function)*
    global    = "global" @name ":" type "=" literal ["const"]
    data      = "data" @name "align" INT "bytes" ["room" INT] ["at" INT "->" @data ["+" INT], ...]
    closure   = "closure" @name "tag" INT "(" type, ... ")"
    layout    = "layout" @name "tag" INT ["mutable"] "(" type, ... ")"
    declared  = "type" @name ("record" | "sum") ["source" STRING] ["params" "(" STRING, ... ")"]
                ["derives" "(" STRING, ... ")"]
              | "case" @type STRING "(" STRING ":" (STRING | "none"), ... ")"
              | ("method" | "static") @type STRING "->" @function
    export    = "export" STRING "symbol" STRING "(" STRING ":" STRING, ... ")" "->" STRING
    import    = "import" "func" @name "(" type, ... ")" ["->" types] clause*
    function  = "func" @name "(" [%p ":" type, ...] ")" ["->" types] clause* "{" block* "}"
    block     = ^name ["(" %p ":" type, ... ")"] ":" ["cold"]  op*
    clause    = "from" STRING STRING | "export" STRING | "source" STRING | "inline" STRING | "effects" EFFECT "|" ...
              | "{" key "=" literal, ... "}" | "file" STRING location
    op        = [%r ":" type, ... "="] name [@reference] [literal] [%operand, ...] ["{" key "=" literal, ... "}"]
                [^target ["(" %arg, ... ")"], ...] [location]
    location  = "!" [STRING ":"] line ":" column ["+" length]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ..diagnostics import Diagnostics, SourceFile, Span, nearest
from . import types as t
from .core import STAGES, Case, Closure, DataSegment, Declaration, Function, Global, Layout, Module
from .lines import Line, Malformed, Token, converted, declaration, fits
from .ops import TABLE, Effects
from .parse_body import BodyReader
from .verify import verify

_OPENS_BODY = re.compile(r"\s*func\b.*\{\s*(;.*)?$")
_BYTE_ESCAPE = re.compile(r"\\([0-9a-fA-F]{2}|.?)")

_D = TypeVar("_D", Global, DataSegment, Closure, Layout, Declaration, Function)


def parse(text: str, filename: str = "<text>", *, default_stage: str | None = None, verified: bool = True) -> Module:
    """The module that `text` describes.

    Raises CompileError with all errors found. With `default_stage` the `module` line may be missing: the name is then
    "t". With `verified=False` rules of the verifier may be broken, as tests of the verifier want it.
    """
    reader = ModuleReader(SourceFile(filename, text), default_stage)
    module = reader.read()
    if verified and not reader.diagnostics.has_errors:
        reader.report_broken_rules()
    reader.diagnostics.raise_if_errors()
    return module


class ModuleReader:
    """Reads the declarations of a module; hands the lines of a body to a `BodyReader`."""

    def __init__(self, source: SourceFile, default_stage: str | None) -> None:
        self.source = source
        self.diagnostics = Diagnostics()
        self.module: Module | None = Module("t", default_stage) if default_stage else None
        self.is_headed = False
        self.body: BodyReader | None = None
        #: Where ops, blocks and declarations stand, for the findings of the verifier.
        self.places: dict[object, Span] = {}

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
            line = Line(self.source, start, end)
        except Malformed as problem:
            self.recover(problem, start, end)
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
        except Malformed as problem:
            self.recover(problem, start, end)

    def recover(self, problem: Malformed, start: int, end: int) -> None:
        """Report what is wrong with a line, and go on such that the next lines are read as what they are."""
        self.error(problem.code, problem.message, problem.start, problem.end, problem.hint)
        text = self.source.text[start:end]
        if self.body is None and _OPENS_BODY.match(text):
            nameless = Function("", [], ())  # stands for the function whose header cannot be read
            nameless.module = self.need_module(start)
            self.body = BodyReader(self, nameless, [], (start, end))
        if self.body is not None:
            self.body.poison(text)

    def is_declaration(self, line: Line) -> bool:
        """Whether a line in a body must be a declaration: then a `}` is missing before it."""
        first, second = line.token, line.tokens[min(line.at + 1, len(line.tokens) - 1)]
        return first.text in _DECLARATIONS and first.text not in TABLE and second.kind in ("name", "string", "word")

    def close_body(self) -> None:
        assert self.body is not None
        self.body.close()
        self.body = None

    def read_declaration(self, line: Line) -> None:
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

    def read_module(self, line: Line) -> None:
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

    def new_name(self, line: Line, kind: str, existing: Iterable[str]) -> str:
        token = line.name("@", f"the name of the {kind}")
        if token.name in existing:
            line.fail(f"the {kind} {token.text} exists already", None, token, "E0903")
        return token.name

    def declare(self, items: dict[str, _D], item: _D, token: Token) -> None:
        """File an item under its name, and remember its place."""
        items[item.name] = item
        self.places[item] = Span(self.source, token.start, token.end)

    def read_global(self, line: Line) -> None:
        variables = self.need_module(line.token.start).globals
        name = self.new_name(line, "global", variables)
        line.expect(":")
        type_ = line.type()
        line.expect("=")
        token = line.token
        init = converted(line.literal(), _PYTHON_TYPES.get(type_, object))
        if not fits(init, _PYTHON_TYPES.get(type_, object)):
            line.fail(f"'{token.text}' is no {type_}", None, token, "E0901")
        self.declare(variables, Global(name, type_, init, not line.accept("const")), token)

    def read_data(self, line: Line) -> None:
        segments = self.need_module(line.token.start).data
        name = self.new_name(line, "data", segments)
        line.expect("align")
        align = line.integer("the alignment")
        token = line.take("string", "the bytes, a string")
        segment = DataSegment(name, self.data_bytes(token), align)
        if line.accept("room"):
            segment.room = line.integer("the number of zero bytes")
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
            raise Malformed("E0900", "a backslash without two hexadecimal digits", start, start + 2, hint)

        if not token.text.isascii():
            hint = "write the bytes of the character's UTF-8 form as hexadecimal digits"
            raise Malformed("E0900", "a character that is no byte", token.start, token.end, hint)
        return _BYTE_ESCAPE.sub(character, token.text[1:-1]).encode("latin-1")

    def relocation(self, line: Line) -> tuple[int, str, int]:
        offset = line.integer("an offset")
        line.expect("->")
        name = line.name("@", "the name of the data").name
        addend = 0
        if line.accept("+"):
            addend = line.integer("the addend")
        elif line.accept("-"):
            addend = -line.integer("the addend")
        return offset, name, addend

    def read_closure(self, line: Line) -> None:
        closures = self.need_module(line.token.start).closures
        token = line.token
        name = self.new_name(line, "closure", closures)
        line.expect("tag")
        tag = line.integer("the tag")
        line.expect("(")
        self.declare(closures, Closure(name, tag, line.listed(")", line.type)), token)

    def read_layout(self, line: Line) -> None:
        layouts = self.need_module(line.token.start).layouts
        token = line.token
        name = self.new_name(line, "layout", layouts)
        line.expect("tag")
        tag = line.integer("the tag")
        mutable = line.accept("mutable")
        line.expect("(")
        self.declare(layouts, Layout(name, line.listed(")", line.type), tag, mutable), token)

    def read_type(self, line: Line) -> None:
        declarations = self.need_module(line.token.start).declarations
        token = line.token
        name = self.new_name(line, "type", declarations)
        is_sum = line.accept("sum")
        if not is_sum:
            line.expect("record")
        source = line.string("the name in the program") if line.accept("source") else name
        params = _strings(line) if line.accept("params") else []
        declaration = Declaration(name, source, params, [], is_sum)
        declaration.derives = frozenset(_strings(line) if line.accept("derives") else ())
        self.declare(declarations, declaration, token)

    def declaration_of(self, line: Line) -> Declaration:
        """The type that a line belongs to, which stands above it."""
        declarations = self.need_module(line.token.start).declarations
        token = line.name("@", "the name of the type")
        if token.name not in declarations:
            line.fail(f"there is no type {token.text}", "types are declared above what belongs to them", token, "E0902")
        return declarations[token.name]

    def read_case(self, line: Line) -> None:
        declaration = self.declaration_of(line)
        name = line.string("the name of the case")
        line.expect("(")
        declaration.cases.append(Case(name, line.listed(")", lambda: _field(line))))

    def read_method(self, line: Line) -> None:
        self.read_callable(line, self.declaration_of(line).methods)

    def read_static(self, line: Line) -> None:
        self.read_callable(line, self.declaration_of(line).statics)

    def read_callable(self, line: Line, functions: dict[str, str]) -> None:
        token = line.token
        name = line.string("what it is called")
        if name in functions:
            line.fail(f"the type has a {token.text} already", None, token, "E0903")
        line.expect("->")
        functions[name] = line.name("@", "the name of the function").name

    def read_export(self, line: Line) -> None:
        exports = self.need_module(line.token.start).exports
        token = line.token
        name = line.string("the name of the export")
        if name in exports:
            line.fail(f"the export {token.text} exists already", None, token, "E0903")
        line.expect("symbol")
        symbol = line.string("the name of the function in WebAssembly")
        line.expect("(")
        params = line.listed(")", lambda: _host_param(line))
        line.expect("->")
        exports[name] = {"symbol": symbol, "params": params, "result": line.string("the type of the result")}

    def read_import(self, line: Line) -> None:
        line.expect("func")
        function, _ = self.read_header(line, is_import=True)
        if "import" not in function.attrs:
            line.expected('from "module" "name"')

    def read_function(self, line: Line) -> None:
        token = line.tokens[line.at - 1]
        function, params = self.read_header(line, is_import=False)
        self.body = BodyReader(self, function, params, (token.start, line.token.start))
        if line.accept("}"):
            self.close_body()

    def read_header(self, line: Line, is_import: bool) -> tuple[Function, list[tuple[Token, t.Type]]]:
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
            params = line.listed(")", lambda: declaration(line))
            function.param_types = [type_ for _, type_ in params]
        if line.accept("->"):
            function.results = tuple(line.listed(")", line.type)) if line.accept("(") else (line.type(),)
        self.read_clauses(line, function, is_import)
        return function, params

    def read_clauses(self, line: Line, function: Function, is_import: bool) -> None:
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

    def read_clause(self, line: Line, function: Function, token: Token) -> None:
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
_DECLARATIONS: dict[str, Callable[[ModuleReader, Line], None]] = {
    "module": ModuleReader.read_module,
    "global": ModuleReader.read_global,
    "data": ModuleReader.read_data,
    "closure": ModuleReader.read_closure,
    "layout": ModuleReader.read_layout,
    "type": ModuleReader.read_type,
    "case": ModuleReader.read_case,
    "method": ModuleReader.read_method,
    "static": ModuleReader.read_static,
    "export": ModuleReader.read_export,
    "import": ModuleReader.read_import,
    "func": ModuleReader.read_function,
}
_PYTHON_TYPES: dict[t.Type, Any] = {t.I32: int, t.I64: int, t.F64: float, t.BOOL: bool}


def _strings(line: Line) -> list[str]:
    line.expect("(")
    return line.listed(")", lambda: line.string("a name"))


def _field(line: Line) -> tuple[str, str | None]:
    name = line.string("the name of a field")
    line.expect(":")
    return name, None if line.accept("none") else line.string("the type of the field, or none")


def _host_param(line: Line) -> dict[str, str]:
    name = line.string("the name of a parameter")
    line.expect(":")
    return {"name": name, "type": line.string("the type of the parameter")}


def _effects(line: Line) -> Effects:
    effects = Effects.NONE
    while True:
        token = line.take("word", "an effect")
        if token.text not in Effects.__members__:
            hint = f"effects are {', '.join(Effects.__members__)}"
            line.fail(f"unknown effect '{token.text}'", hint, token, "E0901")
        effects |= Effects[token.text]
        if not line.accept("|"):
            return effects
