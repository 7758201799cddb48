"""Random programs that are well typed and end: numbers, texts, arrays, functions, closures, loops, `match`.

    print(program(random.Random(7)))

What a program prints is not known; but it is the same on every engine and at every level. A program may panic (an index,
a remainder), then with the same message everywhere. Every expression is made for a type; an Int may stand where a Float
does. The writer keeps account of how much a program does at most, so that each ends soon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

INT, FLOAT, BOOL, STRING, INTS, FLOATS, STRINGS, FUNCTION = (
    "Int", "Float", "Bool", "String", "[Int]", "[Float]", "[String]", "(Int) -> Int",
)  # fmt: skip
SCALARS = (INT, FLOAT, BOOL, STRING)
ARRAYS = {INTS: INT, FLOATS: FLOAT, STRINGS: STRING}
VALUES = (*SCALARS, *ARRAYS)

INT_LITERALS = (
    "0", "1", "2", "3", "7", "10", "100", "-1", "-2", "-5", "255", "65536", "4294967296", "-2147483648",
    "9223372036854775807", "(-9223372036854775807 - 1)", "0xff", "1_000",
)  # fmt: skip
FLOAT_LITERALS = ("0.0", "-0.0", "0.5", "1.0", "2.5", "-1.25", "1e10", "1e-7", "1e300", "3.75", "(0.0 / 0.0)", "INF")
TEXT_LITERALS = ('""', '"a"', '"bc"', '"hello"', '"añ😀z"', '"x y"', "'{q}'", '"A\\tB"')
INT_OPERATORS = ("+", "-", "*", "%", "&", "|", "^", "<<", ">>", ">>>")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")

#: How many turns all loops together may make, and how deep expressions go.
MOST_WORK = 1500
DEEPEST = 3


@dataclass(frozen=True)
class Name:
    """A visible variable."""

    text: str
    type: str
    is_mutable: bool = False


@dataclass(frozen=True)
class Callee:
    """A function of the program that may be called; `work` is what one call costs."""

    name: str
    params: tuple[str, ...]
    result: str
    work: int


@dataclass
class Frame:
    """The function being written."""

    names: list[Name] = field(default_factory=list)
    #: Turns of the loops around this place; what the whole function costs so far.
    turns: int = 1
    work: int = 1
    loops: list[str] = field(default_factory=list)
    result: str | None = None


def program(rng: Random) -> str:
    """The text of a random program."""
    return Writer(rng).program()


class Writer:
    """Writes one program, line by line."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.lines: list[str] = []
        self.depth = 0
        self.count = 0
        self.callees: list[Callee] = []
        self.frame = Frame()

    def program(self) -> str:
        for _ in range(self.rng.randint(0, 3)):
            self.function()
        self.frame = Frame()
        self.statements(self.rng.randint(3, 8))
        for name in self.frame.names:
            if name.type != FUNCTION:
                self.line(f"print({name.text})")
        return "\n".join(self.lines) + "\n"

    # --- text --------------------------------------------------------------------------------------------------------

    def line(self, text: str) -> None:
        self.lines.append("  " * self.depth + text)

    def fresh(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    @contextmanager
    def block(self, head: str, turns: int = 1) -> Iterator[None]:
        """Lines of a block that is entered up to `turns` times as often as what is around it."""
        self.line(head + " {")
        self.depth += 1
        visible, around = len(self.frame.names), self.frame.turns
        self.frame.turns *= turns
        yield
        self.frame.turns = around
        del self.frame.names[visible:]
        self.depth -= 1
        self.line("}")

    # --- functions ---------------------------------------------------------------------------------------------------

    def function(self) -> None:
        """A function, recursive or not, that calls only those before it."""
        name = self.fresh("f")
        params = tuple(self.rng.choice(VALUES) for _ in range(self.rng.randint(0, 3)))
        result = self.rng.choice(SCALARS)
        is_recursive = self.chance(40)
        names = [Name(self.fresh("p"), type_) for type_ in params]
        self.frame = Frame(list(names), turns=20 if is_recursive else 1, result=result)
        declared = [f"{p.text}: {p.type}" if self.chance(30) else p.text for p in names]
        head = ["fuel", *declared] if is_recursive else declared
        with self.block(f"fn {name}({', '.join(head)})"):
            if is_recursive:
                self.line(f"if fuel <= 0 {{ return {self.expression(result)} }}")
            self.statements(self.rng.randint(0, 3))
            self.line(self.recursion(name, params, result) if is_recursive else self.expression(result))
        if is_recursive:
            wrapper = self.fresh("f")
            texts = [p.text for p in names]
            self.line(
                f"fn {wrapper}({', '.join(texts)}) {{ {name}({', '.join([str(self.rng.randint(0, 15)), *texts])}) }}"
            )
            name = wrapper
        self.callees.append(Callee(name, params, result, self.frame.work + self.frame.turns))

    def recursion(self, name: str, params: tuple[str, ...], result: str) -> str:
        """An expression that calls the function itself with less fuel: sometimes as the last thing."""
        call = f"{name}({', '.join(['fuel - 1', *map(self.expression, params)])})"
        if self.chance(30):
            return call
        if result == BOOL:
            return f"{self.expression(BOOL)} != {call}"
        operators = {INT: ("+", "*", "-", "^", "|", "&"), FLOAT: ("+", "-", "*"), STRING: ("+",)}[result]
        parts = [self.expression(result), call] if self.chance(60) else [call, self.expression(result)]
        return f" {self.rng.choice(operators)} ".join(f"({part})" for part in parts)

    # --- statements --------------------------------------------------------------------------------------------------

    def statements(self, count: int) -> None:
        for _ in range(count):
            self.frame.work += self.frame.turns
            self.statement()

    def statement(self) -> None:
        forms: list[Callable[[], None]] = [self.binding, self.binding, self.variable, self.show, self.closure]
        if any(n.is_mutable for n in self.frame.names):
            forms += [self.assignment, self.assignment, self.assignment]
        if any(n.type in ARRAYS for n in self.frame.names):
            forms += [self.change_array, self.change_array]
        if self.depth < 4:
            forms += [self.condition, self.matching]
            if self.frame.turns < MOST_WORK // 10:
                forms += [self.for_range, self.for_elements, self.while_loop]
        if self.frame.loops and self.chance(30):
            forms.append(self.jump)
        self.rng.choice(forms)()

    def binding(self) -> None:
        self.bind(self.rng.choice(VALUES), False)

    def variable(self) -> None:
        self.bind(self.rng.choice(VALUES), True)

    def bind(self, type_: str, is_mutable: bool) -> None:
        value = self.expression(type_)
        name = self.fresh("v")
        annotation = f": {type_}" if self.chance(15) else ""
        self.line(f"{'var ' if is_mutable else ''}{name}{annotation} = {value}")
        self.frame.names.append(Name(name, type_, is_mutable))

    def show(self) -> None:
        values = [self.expression(self.rng.choice(VALUES)) for _ in range(self.rng.randint(1, 3))]
        self.line(f"print({', '.join(values)})")

    def closure(self) -> None:
        """A named function value; it may change what it captures."""
        name, param = self.fresh("g"), self.fresh("p")
        shared = [n for n in self.frame.names if n.is_mutable and n.type == INT]
        visible = len(self.frame.names)
        self.frame.names.append(Name(param, INT))
        if shared and self.chance(60):
            target = self.rng.choice(shared).text
            value = f"{{ {target} {self.rng.choice(('+=', '-=', '*='))} {self.plain(INT)}; {target} + {param} }}"
        else:
            value = self.plain(INT)
        del self.frame.names[visible:]
        self.line(f"{name} = fn({param}) {value}")
        self.frame.names.append(Name(name, FUNCTION))

    def assignment(self) -> None:
        name = self.rng.choice([n for n in self.frame.names if n.is_mutable])
        if name.type in (INT, FLOAT) and self.chance(50):
            self.line(f"{name.text} {self.rng.choice(('+=', '-=', '*='))} {self.expression(name.type)}")
        elif name.type == STRING and self.chance(50):
            self.line(f"if len({name.text}) < 40 {{ {name.text} += {self.expression(STRING)} }}")
        else:
            self.line(f"{name.text} = {self.expression(name.type)}")

    def change_array(self) -> None:
        name = self.rng.choice([n for n in self.frame.names if n.type in ARRAYS])
        value = self.expression(ARRAYS[name.type])
        form = self.rng.randrange(4)
        if form == 0:
            self.line(f"if len({name.text}) < 12 {{ {name.text}.push({value}) }}")
        elif form == 1:
            self.line(f"if len({name.text}) > 0 {{ {name.text}.pop() }}")
        elif form == 2:
            self.line(f"if len({name.text}) > 0 {{ {name.text}[{self.number()} % len({name.text})] = {value} }}")
        else:
            self.line(f"if len({name.text}) > 2 {{ {name.text}[{self.rng.choice(('0', '1', '-1', '2'))}] = {value} }}")

    def condition(self) -> None:
        with self.block(f"if {self.expression(BOOL)}"):
            self.statements(self.rng.randint(1, 2))
        for word in ("elif", "else")[: self.rng.randint(0, 2)]:
            head = f"elif {self.expression(BOOL)}" if word == "elif" else "else"
            self.lines[-1] += f" {head} {{"
            self.depth += 1
            visible = len(self.frame.names)
            self.statements(self.rng.randint(1, 2))
            del self.frame.names[visible:]
            self.depth -= 1
            self.line("}")

    def matching(self) -> None:
        with self.block(f"match {self.expression(INT)}"):
            for pattern in self.int_patterns():
                visible = len(self.frame.names)
                if pattern.isidentifier() and pattern != "_":
                    self.frame.names.append(Name(pattern, INT))
                with self.block(f"{pattern} =>"):
                    self.statements(1)
                del self.frame.names[visible:]

    def int_patterns(self) -> list[str]:
        some = ["0", "1 | 2", "3..8", "-5..=-1", "10..=100", f"{self.fresh('w')} if {self.plain(BOOL)}"]
        return [*self.rng.sample(some, self.rng.randint(1, 3)), self.rng.choice(("_", self.fresh("w")))]

    def for_range(self) -> None:
        turns = self.rng.randint(1, 6)
        low = self.rng.choice(("0", "1", "-2", "3"))
        sources = [
            f"{low}..{int(low) + turns}",
            f"{low}..={int(low) + turns - 1}",
            f"range({low}, {int(low) + 2 * turns}, 2)",
            f"range({turns}, 0, -1)",
            f"0..(({self.number()}) & 3)",
        ]
        name = self.fresh("i")
        when = f" when {self.plain(BOOL)}" if self.chance(15) else ""
        self.loop(f"for {name} in {self.rng.choice(sources)}{when}", [Name(name, INT)], max(turns, 3))

    def for_elements(self) -> None:
        type_ = self.rng.choice((STRING, *ARRAYS))
        name, index = self.fresh("e"), self.fresh("i")
        source = self.small(type_)
        element = Name(name, ARRAYS.get(type_, STRING))
        if self.chance(30):
            self.loop(f"for {index}, {name} in {source}", [Name(index, INT), element], 8)
        else:
            self.loop(f"for {name} in {source}", [element], 8)

    def small(self, type_: str) -> str:
        """A text or an array of at most 8 elements."""
        return f"({self.expression(type_)})[0:8]"

    def while_loop(self) -> None:
        counter, turns = self.fresh("n"), self.rng.randint(1, 6)
        self.line(f"var {counter} = 0")
        label = self.fresh("l")
        head, end = (
            (f"while {counter} < {turns}", "") if self.chance(60) else ("loop", f"if {counter} > {turns} {{ break }}")
        )
        with self.block(f"{label}: {head}", turns + 1):
            self.line(f"{counter} += 1")
            if end:
                self.line(end)
            self.frame.names.append(Name(counter, INT))
            self.inside_loop(label)
        self.frame.names.append(Name(counter, INT))

    def loop(self, head: str, names: list[Name], turns: int) -> None:
        label = self.fresh("l")
        with self.block(f"{label}: {head}" if self.chance(50) else head, turns):
            self.frame.names += names
            self.inside_loop(label if self.lines[-1].lstrip().startswith(label) else "")
        if self.chance(20):
            self.lines[-1] += ' else { print("ended") }'

    def inside_loop(self, label: str) -> None:
        self.frame.loops.append(label)
        self.statements(self.rng.randint(1, 3))
        self.frame.loops.pop()

    def jump(self) -> None:
        label = self.rng.choice(self.frame.loops)
        jump = f"{self.rng.choice(('break', 'continue'))} {label}".rstrip()
        if self.frame.result is not None and self.chance(30):
            jump = f"return {self.expression(self.frame.result)}"
        self.line(f"if {self.expression(BOOL)} {{ {jump} }}")

    # --- expressions -------------------------------------------------------------------------------------------------

    def expression(self, type_: str, deep: int = 0) -> str:
        """An expression of a type, which may call functions."""
        if deep >= DEEPEST or self.chance(25):
            return self.leaf(type_)
        call = self.call(type_, deep)
        if call is not None and self.chance(25):
            return call
        if self.chance(10):
            return f"(if {self.expression(BOOL, deep + 1)} {{ {self.expression(type_, deep + 1)} }} else {{ {self.leaf(type_)} }})"
        if self.chance(5):
            arms = [f"{p} => {self.leaf(type_)}" for p in self.int_patterns()]
            return f"(match {self.expression(INT, deep + 1)} {{ {', '.join(arms)} }})"
        return self._makers()[type_](deep + 1)

    def plain(self, type_: str) -> str:
        """An expression that calls no function of the program, for places that are evaluated who knows how often."""
        callees, self.callees = self.callees, []
        names, self.frame.names = self.frame.names, [n for n in self.frame.names if n.type != FUNCTION]
        text = self.expression(type_, DEEPEST - 1)
        self.callees, self.frame.names = callees, names
        return text

    def number(self) -> str:
        return f"({self.expression(INT, DEEPEST - 1)})"

    def leaf(self, type_: str) -> str:
        names = [
            n.text
            for n in self.frame.names
            if n.type == type_ or (type_ == FLOAT and n.type == INT and self.chance(20))
        ]
        if names and self.chance(75):
            return self.rng.choice(names)
        if type_ in ARRAYS:
            items = [self.leaf(ARRAYS[type_]) for _ in range(self.rng.randint(0 if names else 1, 4))]
            return f"[{', '.join(items)}]"
        literals = {INT: INT_LITERALS, FLOAT: FLOAT_LITERALS, BOOL: ("true", "false"), STRING: TEXT_LITERALS}
        return self.rng.choice(literals[type_])

    def call(self, type_: str, deep: int) -> str | None:
        """A call of a function of the program, or of a function value, if the account allows one."""
        frame = self.frame
        fitting = [c for c in self.callees if c.result == type_ and frame.work + c.work * frame.turns < MOST_WORK]
        values = [n.text for n in frame.names if n.type == FUNCTION] if type_ == INT else []
        if values and (not fitting or self.chance(50)):
            return f"{self.rng.choice(values)}({self.expression(INT, deep + 1)})"
        if not fitting:
            return None
        callee = self.rng.choice(fitting)
        frame.work += callee.work * frame.turns
        return f"{callee.name}({', '.join(self.expression(p, deep + 1) for p in callee.params)})"

    def _makers(self) -> dict[str, Callable[[int], str]]:
        return {
            INT: self.an_int,
            FLOAT: self.a_float,
            BOOL: self.a_bool,
            STRING: self.a_text,
            **{type_: lambda deep, t=type_: self.an_array(t, deep) for type_ in ARRAYS},  # type: ignore[misc]
        }

    def an_int(self, deep: int) -> str:
        a = self.expression(INT, deep)
        form = self.rng.randrange(10)
        if form < 5:
            operator = self.rng.choice(INT_OPERATORS)
            b = self.expression(INT, deep)
            b = f"({b} | 1)" if operator == "%" and self.chance(80) else b
            return f"(({a}) {operator} ({b}))"
        if form == 5:
            return f"{self.rng.choice(('-', '~'))}({a})"
        if form == 6:
            return f"len({self.expression(self.rng.choice((STRING, *ARRAYS)), deep)})"
        if form == 7:
            return f"(({self.expression(INTS, deep)})[{a}] ?? {self.leaf(INT)})"
        if form == 8:
            return f"abs({a})" if self.chance(50) else f"(toInt({self.expression(STRING, deep)}) ?? {a})"
        return f"sum({self.expression(INTS, deep)})"

    def a_float(self, deep: int) -> str:
        a, b = self.expression(FLOAT, deep), self.expression(FLOAT, deep)
        form = self.rng.randrange(8)
        if form < 4:
            return f"(({a}) {self.rng.choice(('+', '-', '*', '/'))} ({b}))"
        if form == 4:
            return f"(({self.expression(INT, deep)}) / ({self.expression(INT, deep)}))"
        if form == 5:
            return f"sqrt(abs({a}))"
        if form == 6:
            return f"-({a})"
        return f"(({self.expression(FLOATS, deep)})[{self.rng.choice(('0', '1', '-1'))}] ?? {b})"

    def a_bool(self, deep: int) -> str:
        form = self.rng.randrange(7)
        if form < 3:
            type_ = self.rng.choice((INT, INT, FLOAT, STRING))
            return f"(({self.expression(type_, deep)}) {self.rng.choice(COMPARISONS)} ({self.expression(type_, deep)}))"
        if form == 3:
            return f"({self.expression(BOOL, deep)} {self.rng.choice(('and', 'or'))} {self.expression(BOOL, deep)})"
        if form == 4:
            return f"(not {self.expression(BOOL, deep)})"
        if form == 5:
            low, middle, high = (self.expression(INT, deep) for _ in range(3))
            return f"(({low}) {self.rng.choice(('<', '<='))} ({middle}) < ({high}))"
        type_ = self.rng.choice(list(ARRAYS))
        return f"(({self.expression(ARRAYS[type_], deep)}) in ({self.expression(type_, deep)}))"

    def a_text(self, deep: int) -> str:
        form = self.rng.randrange(7)
        if form < 2:
            return f"({self.expression(STRING, deep)} + {self.expression(STRING, deep)})"
        if form < 4:
            types = [self.rng.choice(VALUES) for _ in range(2)]
            return '"' + "".join(f"{{{self.expression(type_, deep)}}};" for type_ in types) + '"'
        if form == 4:
            bound = self.rng.choice(("1:", ":2", "-2:", "1:-1", "::-1", "::2"))
            return f"({self.expression(STRING, deep)})[{bound}]"
        if form == 5:
            return f"({self.expression(STRING, deep)} * ({self.number()} & 3))"
        return f"{self.rng.choice(('upper', 'trim', 'reverseStr'))}({self.expression(STRING, deep)})"

    def an_array(self, type_: str, deep: int) -> str:
        element = ARRAYS[type_]
        form = self.rng.randrange(6)
        if form == 0:
            return f"[{', '.join(self.expression(element, deep) for _ in range(self.rng.randint(1, 4)))}]"
        if form == 1:
            bound = self.rng.choice(("1:", ":2", "-2:", "1:-1", "::-1", "::2"))
            return f"({self.expression(type_, deep)})[{bound}]"
        if form == 2:
            return f"[...({self.expression(type_, deep)})[0:6], {self.expression(element, deep)}]"
        if form == 3:
            return self.with_element(
                INT, lambda name: f"[{self.plain(element)} for {name} in 0..{self.rng.randint(0, 5)}]"
            )
        if form == 4:
            source = self.rng.choice(list(ARRAYS))
            subject = self.small(source)
            return self.with_element(ARRAYS[source], lambda name: f"{subject}.map(fn({name}) {self.plain(element)})")
        subject = self.expression(type_, deep)
        return self.with_element(element, lambda name: f"({subject}).filter(fn({name}) {self.plain(BOOL)})")

    def with_element(self, type_: str, write: Callable[[str], str]) -> str:
        """A text in which a name stands for a value of the type."""
        name = self.fresh("x")
        self.frame.names.append(Name(name, type_))
        text = write(name)
        self.frame.names.remove(Name(name, type_))
        return text
