"""What the user did wrong, and where: source files, spans, diagnostics and how they are shown.

    error[E0202]: cannot assign to immutable 'x'
      --> file.tova:3:5
       |
     3 |     x = 2
       |     ^
       = hint: declare it with `var x = ...`

Every stage reports through one `Diagnostics` collector, so that a run shows all errors it can find. Codes are rows of
`CODES`, from which the reference of diagnostics is made; a code without a row cannot be used.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable

CODES: dict[str, str] = {
    # Text and tokens.
    "E0001": "The source file is not UTF-8 text.",
    "E0002": "A character that no token starts with.",
    "E0003": "A string is not closed.",
    "E0004": "A block comment is not closed.",
    "E0005": "A regular expression literal is not closed, is empty or has unknown flags.",
    "E0006": "A number is malformed.",
    "E0007": "An integer literal does not fit into 64 bits.",
    "E0008": "An interpolation `{}` in a string is empty.",
    "E0009": "Interpolated strings are nested too deeply.",
    # Syntax.
    "E0010": "A token stands where the grammar does not allow it.",
    "E0011": "A bracket is not closed.",
    "E0012": "Expressions, blocks or operator chains are nested too deeply.",
    "E0013": "Two statements on one line are not separated.",
    "E0014": "An `if` used as a value has no `else`.",
    "E0015": "The left side of an assignment is not something that can be assigned to.",
    "E0016": "A word or operator of another language that this language spells differently.",
    "E0017": "A closing bracket has no opening one.",
    "E0018": "A pattern is malformed.",
    "E0019": "The placeholder `_` stands outside the right side of a pipe.",
    "E0020": "The right side of `|>` is not something that can be called.",
    "E0021": "An assignment stands where a value is expected.",
    "E0022": "A construct outside the core of the language.",
    "E0023": "A body is not written in braces.",
    "E0024": "An operator needs parentheses here.",
    "E0025": "Parameters, arguments or targets are given in an order or number that has no meaning.",
    "E0026": "A reserved word is used as a name.",
    # Types.
    "E0100": "A value has a type that does not fit where it is used.",
    "E0101": "A `return` contradicts the declared result type of its function.",
    "E0102": "An operator is applied to operand types it does not have.",
    "E0103": "A condition is not a Bool.",
    "E0104": "A value that is not a function is called.",
    "E0105": "A type has no such field or method.",
    "E0106": "A value of this type cannot be iterated or indexed.",
    # Names and scopes.
    "E0200": "A name is not defined.",
    "E0201": "A name is already defined in this scope.",
    "E0202": "Assignment to an immutable name.",
    "E0203": "`break` or `continue` outside of a loop.",
    "E0204": "A loop label that no enclosing loop of the function has.",
    "E0205": "A constructor gets an unknown, repeated or already given field.",
    "E0206": "A call with a wrong number of arguments.",
    "E0207": "An unknown type.",
    "E0208": "A module cannot be found.",
    "E0209": "A module does not export this name.",
    "E0210": "A variant or type name is used in a way its declaration does not allow.",
    "E0211": "The block of a `guard` does not leave.",
    # Functions.
    "E0300": "`await` outside of an async function.",
    "E0301": "`return` outside of a function.",
    "E0302": "`yield` outside of a function.",
    # Limits.
    "E0400": "A construct that is not supported yet.",
    "E0401": "The program exceeds a limit of the compiler.",
    # Tools: files, pipelines, plugins, textual IR.
    "E0500": "A file cannot be read or written.",
    "E0501": "An unknown pass.",
    "E0502": "An unknown or malformed option.",
    "E0503": "An unknown plugin, or one that cannot be loaded.",
    "E0504": "An unknown stage, pipeline, preset, target or engine.",
    "E0505": "A configuration file is malformed.",
    "E0507": "A plugin failed.",
    "E0508": "A tool that this command needs is missing.",
    "E0509": "The order of passes is contradictory.",
    "E0510": "A benchmark, peer or measurement that is not there or cannot be used.",
    "E0511": "A pass takes too long, or makes too much of a function.",
    "E0512": "A program cannot be an image, or an image file is damaged or breaks a rule of bytecode.",
    # Textual IR.
    "E0900": "A line of textual IR breaks the grammar.",
    "E0901": "An op, type, effect or constant that textual IR does not have.",
    "E0902": "A name without a definition, or a block without its terminator, in textual IR.",
    "E0903": "Two definitions of one name in textual IR.",
    "E0904": "Textual IR breaks a rule of the verifier.",
    # Warnings.
    "W0001": "A local variable is never used.",
    "W0002": "A function is never used.",
    "W0100": "A name does not follow the naming convention.",
    "W0101": "A name shadows an outer one.",
    "W0102": "A variable gets a value of another type.",
    "W0200": "A `match` does not cover every variant.",
    "W0201": "Code that is never reached.",
    "W0202": "A condition is always true.",
    "W0203": "A condition is always false.",
    "W0204": "A Float is stored in an Int variable or used as an index.",
    "W0205": "A function with a declared result type can end without a value.",
    "W0206": "A `throw` as other languages have it.",
    "W0207": "A `match` arm that is never reached.",
    "W0208": "`defer` outside of a function.",
    "W0209": "Elements of one array literal have different types.",
    "W0210": "A comparison that can never hold.",
    "W0211": "An Option or Result is unwrapped without a test.",
    "W0212": "A possibly nil value is used.",
    "W0213": "The Result of a call is not used.",
    "W0300": "A type lacks a method of a trait it implements.",
    "W0301": "A method has another number of parameters than its trait says.",
    "W0302": "A method has another result type than its trait says.",
    "W0303": "An unknown trait.",
    "W0400": "The deprecated spelling of a library name.",
    "W0500": "A tool is missing and something slower is used instead.",
    "W0511": "A pass took too long or made too much of a function, and was left out.",
    "W0512": "Compiling took long.",
    "W0513": "Bytecode for cold functions does not make the module smaller.",
}

MAX_ERRORS = 20  # beyond this many errors the rest is mostly consequence
_LONGEST_MESSAGE = 2000
_WIDTH = 100  # columns of a source line that are shown; longer lines are cut around the caret
_TAB = "    "
_COLORS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "bold": "\x1b[1m", "gutter": "\x1b[1;34m", "off": "\x1b[0m"}


class SourceFile:
    """A named text with its table of lines. CRLF line ends become LF, so offsets count characters of `text`."""

    __slots__ = ("_line_starts", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text.replace("\r\n", "\n") if "\r" in text else text
        self._line_starts: list[int] | None = None

    @classmethod
    def load(cls, path: str) -> SourceFile:
        """The file at `path`. Raises CompileError if it cannot be read or is not UTF-8."""
        try:
            with open(path, "rb") as stream:
                data = stream.read()
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise CompileError([Diagnostic("error", "E0500", f"cannot read '{path}': {reason}")]) from None
        try:
            return cls(str(path), data.decode("utf-8-sig"))
        except UnicodeDecodeError as problem:
            offset = problem.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
            message = f"'{path}' is not UTF-8: byte 0x{data[offset]:02x} at offset {offset}"
            hint = "save the file as UTF-8"
            raise CompileError([Diagnostic("error", "E0001", message, hint=hint)]) from None

    @property
    def line_starts(self) -> list[int]:
        """Offset of the first character of every line."""
        if self._line_starts is None:
            starts = [0]
            find = self.text.find
            at = find("\n")
            while at >= 0:
                starts.append(at + 1)
                at = find("\n", at + 1)
            self._line_starts = starts
        return self._line_starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character, both counted from 1."""
        starts = self.line_starts
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line_text(self, line: int) -> str:
        """The text of a line (counted from 1) without its line end."""
        starts = self.line_starts
        end = starts[line] - 1 if line < len(starts) else len(self.text)
        return self.text[starts[line - 1] : end]


class Span:
    """The characters `start` up to, not including, `end` of a file."""

    __slots__ = ("end", "file", "start")

    def __init__(self, file: SourceFile, start: int, end: int) -> None:
        self.file = file
        self.start = start
        self.end = end

    def __str__(self) -> str:
        line, column = self.file.position(self.start)
        return f"{self.file.name}:{line}:{column}"

    def __repr__(self) -> str:
        return f"<Span {self} +{self.end - self.start}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Span):
            return NotImplemented
        return self.file is other.file and self.start == other.start and self.end == other.end

    def __hash__(self) -> int:
        return hash((id(self.file), self.start, self.end))


class Diagnostic:
    """One problem in the user's input: a sentence, its code, its place and what to do about it."""

    __slots__ = ("code", "hint", "message", "notes", "severity", "span")

    def __init__(
        self,
        severity: str,
        code: str,
        message: str,
        span: Span | None = None,
        hint: str | None = None,
        notes: Iterable[str] = (),
    ) -> None:
        if code not in CODES:
            raise ValueError(f"diagnostic code {code} has no row in CODES")
        self.severity = severity
        self.code = code
        self.message = message
        self.span = span
        self.hint = hint
        self.notes = tuple(notes)

    def __repr__(self) -> str:
        return f"<{self.severity} {self.code} {self.span or ''} {self.message}>"


class CompileError(Exception):
    """The input cannot be compiled; `diagnostics` says why."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        super().__init__("\n".join(d.message for d in diagnostics))
        self.diagnostics = diagnostics


class Diagnostics:
    """Collects what the stages report. Beyond `MAX_ERRORS` errors the rest is counted, not kept."""

    __slots__ = ("error_count", "items")

    def __init__(self) -> None:
        self.items: list[Diagnostic] = []
        self.error_count = 0

    def error(
        self, code: str, message: str, span: Span | None = None, hint: str | None = None, notes: Iterable[str] = ()
    ) -> None:
        """Report an error; compilation goes on, to find more, but will not succeed."""
        self.add(Diagnostic("error", code, message, span, hint, notes))

    def warning(
        self, code: str, message: str, span: Span | None = None, hint: str | None = None, notes: Iterable[str] = ()
    ) -> None:
        """Report something suspicious that does not prevent compilation."""
        self.add(Diagnostic("warning", code, message, span, hint, notes))

    def add(self, diagnostic: Diagnostic) -> None:
        """Report a ready-made diagnostic."""
        if diagnostic.severity == "error":
            self.error_count += 1
            if self.error_count > MAX_ERRORS:
                return
        self.items.append(diagnostic)

    @property
    def has_errors(self) -> bool:
        return self.error_count > 0

    @property
    def is_full(self) -> bool:
        """Whether so many errors were found that looking for more is of no use."""
        return self.error_count >= MAX_ERRORS

    def sorted(self) -> list[Diagnostic]:
        """All diagnostics in the order of their places; those without a place come first."""
        return sorted(self.items, key=lambda d: (d.span.file.name, d.span.start) if d.span else ("", -1))

    def raise_if_errors(self) -> None:
        """Raise CompileError with everything collected if any of it is an error."""
        if self.has_errors:
            raise CompileError(self.sorted())


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate most similar to `word`, for "did you mean" hints; None if nothing is close."""
    import difflib  # only when there is an error to explain

    matches = difflib.get_close_matches(word, candidates, n=1, cutoff=0.6)
    return matches[0] if matches else None


def render(diagnostic: Diagnostic, color: bool = False) -> str:
    """The diagnostic as shown to the user: sentence, place, source line with carets, notes and hint."""

    paint = _painter(color)
    head = paint(diagnostic.severity, f"{diagnostic.severity}[{diagnostic.code}]")
    lines = [f"{head}{paint('bold', ': ' + _shortened(diagnostic.message))}"]
    margin = "  "
    if diagnostic.span is not None:
        line, _ = diagnostic.span.file.position(diagnostic.span.start)
        margin = " " * (len(str(line)) + 2)
        lines += place_lines(diagnostic.span, diagnostic.severity, color)
    lines += [f"{margin}{paint('gutter', '=')} note: {note}" for note in diagnostic.notes]
    if diagnostic.hint:
        lines.append(f"{margin}{paint('gutter', '=')} hint: {diagnostic.hint}")
    return "\n".join(lines)


def _shortened(message: str) -> str:
    """A message without the middle of what makes it long: a name of a million characters."""
    if len(message) <= _LONGEST_MESSAGE:
        return message
    return f"{message[: _LONGEST_MESSAGE // 2]} ... {message[-_LONGEST_MESSAGE // 4 :]}"


def place_lines(span: Span, severity: str = "error", color: bool = False) -> list[str]:
    """The place of a span: file, line and column, then the source line with carets under it."""
    paint = _painter(color)
    line, _ = span.file.position(span.start)
    margin = " " * (len(str(line)) + 2)
    source, carets = _excerpt(span)
    bar = paint("gutter", "|")
    return [
        f"{margin[:-1]}{paint('gutter', '-->')} {span}",
        f"{margin}{bar}",
        f" {paint('gutter', str(line))} {bar} {source}".rstrip(),
        f"{margin}{bar} {paint(severity, carets)}",
    ]


def _painter(color: bool) -> Callable[[str, str], str]:
    return (lambda style, text: f"{_COLORS[style]}{text}{_COLORS['off']}") if color else (lambda _style, text: text)


def render_all(diagnostics: Iterable[Diagnostic], color: bool = False) -> str:
    """Several diagnostics, separated by empty lines."""
    return "\n\n".join(render(d, color) for d in diagnostics)


def _excerpt(span: Span) -> tuple[str, str]:
    """The (possibly cut) first line of a span and the carets below it, aligned for a terminal."""
    line, column = span.file.position(span.start)
    text = span.file.line_text(line)
    start = min(column - 1, len(text))
    end = max(min(start + span.end - span.start, len(text)), start + 1)
    prefix = suffix = ""
    if len(text) > _WIDTH:
        low = max(0, min(start - _WIDTH // 3, len(text) - _WIDTH))
        high = min(len(text), low + _WIDTH)
        prefix, suffix = "..." if low else "", "..." if high < len(text) else ""
        text = text[low:high]
        start, end = start - low, min(end, high) - low
    before, marked, after = (_printable(part) for part in (text[:start], text[start:end], text[end:]))
    blank = " " * (len(prefix) + _columns(before))
    return f"{prefix}{before}{marked}{after}{suffix}", blank + "^" * max(1, _columns(marked))


def _printable(text: str) -> str:
    """The text with tabs as blanks and without characters that would move the cursor."""
    text = text.replace("\t", _TAB)
    return text if text.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in text)


def _columns(text: str) -> int:
    """How many terminal cells a text fills: wide characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
