"""Random programs that take texts apart, look at the parts, and keep some of them.

    print(program(random.Random(7)))

Functions get parts of texts and whole ones, pass them on, and return parts of them; loops shorten a text until nothing is
left; parts are compared, searched, hashed and written, and only on some ways put into a map or an array. Every program
ends, and none panics.
"""

from __future__ import annotations

from random import Random

FUNCTIONS = 3
STATEMENTS = 5
_TEXTS = (
    "",
    "a",
    " x ",
    "key=value",
    "größe;12.5",
    "  two words\t",
    "αβγ",
    "12345678",
    "aaaaaaaaab",
    "-7",
    "x;y;z;;é ",
)
_PIECES = ("a", ";", " ", "é", "aa", "xyz")


def program(rng: Random) -> str:
    """The text of a random program."""
    return _Writer(rng).program()


class _Writer:
    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._lines: list[str] = []
        self._names = 0
        self._depth = 0
        self._texts: list[str] = []
        #: The functions that may be called here: those before, so that no program recurses for ever.
        self._callable = 0

    def program(self) -> str:
        self._line("counts = Map.new()")
        self._line("var kept = []")
        for number in range(FUNCTIONS):
            self._function(number)
        self._texts = []
        self._callable = FUNCTIONS
        self._line(f"texts = [{', '.join(map(_quoted, _TEXTS))}]")
        self._line("var sum = 0")
        self._line("for number, text in texts {")
        self._texts = ["text"]
        for number in range(FUNCTIONS):
            self._line(f"  sum = sum * 31 + f{number}({self._text()}, number)", 0)
            self._line(f'  print("{{g{number}({self._text()}, number)}}|{{sum}}")', 0)
        self._line("}")
        self._line("for pair in [...counts.entries()] { print(pair) }")
        self._line("print(kept)")
        return "\n".join(self._lines) + "\n"

    def _function(self, number: int) -> None:
        """One that gives a number, and one that gives a text."""
        self._callable = number
        for name in ("f", "g"):
            self._line(f"fn {name}{number}(s, n) {{")
            self._texts, self._depth = ["s"], 1
            self._line("var h = n")
            for _ in range(self._rng.randrange(1, STATEMENTS)):
                self._statement()
            self._line("h & 0xFFFF" if name == "f" else self._text())
            self._depth = 0
            self._line("}")

    def _line(self, text: str, depth: int | None = None) -> None:
        self._lines.append("  " * (self._depth if depth is None else depth) + text)

    def _fresh(self) -> str:
        self._names += 1
        return f"t{self._names}"

    def _statement(self) -> None:
        self._rng.choice(
            [self._define, self._define, self._read, self._read, self._keep, self._branch, self._shorten, self._pieces]
        )()

    def _define(self) -> None:
        name = self._fresh()
        self._line(f"{name} = {self._text()}")
        self._texts.append(name)

    def _read(self) -> None:
        self._line(f"h = h * 7 + {self._number()}")

    def _keep(self) -> None:
        text = self._rng.choice(self._texts)
        if self._rng.random() < 0.6:
            self._line(f"if {self._condition()} {{ {self._store(text)} }}")
        else:
            self._line(self._store(text))

    def _store(self, text: str) -> str:
        return self._rng.choice(
            [f"counts.set({text}, (counts.get({text}) ?? 0) + 1)", f"if len(kept) < 40 {{ kept.push({text}) }}"]
        )

    def _branch(self) -> None:
        if self._depth > 3:
            return
        self._line(f"if {self._condition()} {{")
        self._inside()
        self._line("} else {")
        self._inside()
        self._line("}")

    def _inside(self) -> None:
        known = len(self._texts)
        self._depth += 1
        self._statement()
        self._depth -= 1
        del self._texts[known:]

    def _shorten(self) -> None:
        """A loop over a text that gets shorter."""
        if self._depth > 2:
            return
        rest = self._fresh()
        self._line(f"var {rest} = {self._text()}")
        self._line(f"while len({rest}) > 0 {{")
        self._texts.append(rest)
        self._inside()
        self._line(f"  {rest} = {rest}[{self._rng.choice((1, 2, 3))}:]")
        self._line("}")

    def _pieces(self) -> None:
        if self._depth > 2:
            return
        name = self._fresh()
        over = self._rng.choice(("words({})", 'split({}, ";")', "lines({})"))
        self._line(f"for {name} in {over.format(self._rng.choice(self._texts))} {{")
        self._texts.append(name)
        self._inside()
        self._texts.remove(name)
        self._line("}")

    def _text(self) -> str:
        text, rng = self._rng.choice(self._texts), self._rng
        forms = [
            text,
            f"{text}[{rng.randrange(-3, 4)}:]",
            f"{text}[:{rng.randrange(-3, 4)}]",
            f"{text}[{rng.randrange(3)}:{rng.randrange(1, 6)}]",
            f"trim({text})",
            f"(if {self._condition()} {{ {text}[1:] }} else {{ {rng.choice(self._texts)} }})",
            f"{text}[(indexOf({text}, {_quoted(rng.choice(_PIECES))}) ?? 0):]",
            f'"{{{text}}}{{{rng.choice(self._texts)}[:2]}}"[:9]',
        ]
        if self._callable:
            forms.append(f"g{rng.randrange(self._callable)}({text}, h)" if self._depth else f"g0({text}, 1)")
        return rng.choice(forms)

    def _number(self) -> str:
        text, rng = self._text(), self._rng
        forms = [
            f"len({text})",
            f"(indexOf({text}, {_quoted(rng.choice(_PIECES))}) ?? -1)",
            f"(toInt({text}) ?? 3)",
            f"(toInt(toFloat({text}) ?? 1.5) ?? 4)",
            f"(counts.get({text}) ?? 5)",
            f"(if {self._condition()} {{ 1 }} else {{ 2 }})",
            f"countOf({text}, {_quoted(rng.choice(_PIECES))})",
        ]
        if self._callable:
            forms.append(f"f{rng.randrange(self._callable)}({text}, {rng.randrange(9)})")
        return rng.choice(forms)

    def _condition(self) -> str:
        a, b, rng = self._rng.choice(self._texts), self._rng.choice(self._texts), self._rng
        return rng.choice(
            [
                f"{a} == {b}",
                f"{a}[:2] < {b}[1:]",
                f"startsWith({a}, {_quoted(rng.choice(_PIECES))})",
                f"len({a}) > {rng.randrange(6)}",
                f"contains({a}, {_quoted(rng.choice(_PIECES))})",
                f"{a}[1:] == {_quoted(rng.choice(_TEXTS)[1:])}",
            ]
        )


def _quoted(text: str) -> str:
    return '"' + text.replace("\t", "\\t") + '"'
