"""Expressions of a wanted type for random programs over the data types; `generate_data` writes the statements around them.

Every expression is made for a type. Where there is a value that holds one of the wanted type (a field, an element, what an
Option wraps, the result of a function), it is often reached for; otherwise a maker for the type builds one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from .data_types import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    KEYS,
    SCALARS,
    STRING,
    Case,
    Declared,
    Type,
    array,
    dictionary,
    map_of,
    nilable,
    option,
    random_type,
    result,
    set_of,
    substitute,
    tuple_of,
)

INT_LITERALS = ("0", "1", "2", "3", "7", "-1", "-2", "10", "100", "255", "4294967296", "-9223372036854775807")
FLOAT_LITERALS = ("0.0", "-0.0", "0.5", "1.5", "2.25", "-1.25", "1e10", "1e-7", "3.75", "1e300")
TEXT_LITERALS = ('""', '"a"', '"bc"', '"hello"', '"añ😀z"', '"x y"', "'{q}'", '"12"')
KEY_LITERALS = {INT: ("0", "1", "2", "3", "-1"), STRING: ('"a"', '"b"', '"k"', '"zz"', '"12"')}
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")

#: How many turns all loops together may make.
MOST_WORK = 400


@dataclass(frozen=True)
class Name:
    """A visible variable; `is_plain` ones are no functions, so that using them costs nothing that nobody counted."""

    text: str
    type: Type
    is_mutable: bool = False

    @property
    def is_plain(self) -> bool:
        return self.type.kind != "Function"


@dataclass(frozen=True)
class Callee:
    """A function of the program: `head` is what stands before the arguments; `work` is what one call costs."""

    head: str
    params: tuple[Type, ...]
    result: Type
    work: int
    #: The first argument is written before the dot.
    is_method: bool = False


@dataclass
class Frame:
    """The function being written."""

    names: list[Name] = field(default_factory=list)
    #: Turns of the loops around this place; what the whole function costs so far.
    turns: int = 1
    work: int = 1
    loops: list[str] = field(default_factory=list)
    result: Type | None = None
    is_generator: bool = False
    #: Inside `try` and `catch`, where panics are wanted.
    tries: int = 0


class Values:
    """Writes expressions for the names that `frame` has."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.count = 0
        self.declared: list[Declared] = []
        self.callees: list[Callee] = []
        self.frame = Frame()
        self.palette: list[Type] = []
        #: How deep expressions go.
        self.deepest = 2

    # --- choices -----------------------------------------------------------------------------------------------------

    def fresh(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    def type(self) -> Type:
        """A type for a new value: one of the few that the program has, since each costs functions that show it."""
        return self.rng.choice(SCALARS) if self.chance(35) else self.rng.choice(self.palette)

    def element(self) -> Type:
        """A type for the elements of an array."""
        arrays = [t.args[0] for t in self.palette if t.kind == "Array"]
        return self.rng.choice(arrays) if arrays and self.chance(60) else self.rng.choice(SCALARS)

    def choose_palette(self) -> None:
        """Decide which types the program has."""
        self.palette = [random_type(self.rng, self.declared) for _ in range(self.rng.randint(2, 5))]
        if self.chance(30):
            self.palette.append(nilable(self.rng.choice((*SCALARS, *self.palette))))
        if self.chance(30):
            self.palette.append(ANY)
        self.deepest = self.rng.choice((2, 2, 3))

    def declaration(self, type_: Type) -> Declared:
        return next(d for d in self.declared if d.name == type_.name)

    def fields(self, type_: Type, case: Case) -> list[tuple[str, Type]]:
        """The fields of a case of an applied type."""
        known = dict(zip(self.declaration(type_).params, type_.args, strict=True))
        return [(name, substitute(t, known)) for name, t in case.fields]

    def holders(self, fits: Callable[[Type], bool]) -> list[Name]:
        return [n for n in self.frame.names if fits(n.type)]

    @contextmanager
    def names(self, *names: Name) -> Iterator[None]:
        """Some more names for what is written inside."""
        before = list(self.frame.names)
        self.frame.names += names
        yield
        self.frame.names = before

    @contextmanager
    def without_calls(self) -> Iterator[None]:
        """No functions of the program in what is written inside: it is evaluated who knows how often."""
        callees, self.callees = self.callees, []
        names = self.frame.names
        self.frame.names = [n for n in names if n.is_plain]
        yield
        self.callees, self.frame.names = callees, names

    # --- expressions -------------------------------------------------------------------------------------------------

    def expression(self, type_: Type, deep: int = 0) -> str:
        """An expression of the type, which may call functions."""
        if deep >= self.deepest or self.chance(25):
            return self.leaf(type_)
        forms: list[Callable[[Type, int], str | None]] = [self.made] * 9
        forms += [self.reached] * 5 + [self.call] * 3 + [self.chosen, self.matched, self.polymorphic]
        return self.rng.choice(forms)(type_, deep + 1) or self.made(type_, deep + 1)

    def plain(self, type_: Type) -> str:
        with self.without_calls():
            return self.expression(type_, self.deepest - 1)

    def number(self) -> str:
        return f"({self.plain(INT)})"

    def leaf(self, type_: Type, size: int = 0) -> str:
        """A variable or a literal of the type."""
        names = [n.text for n in self.frame.names if n.type == type_]
        if names and self.chance(75):
            return self.rng.choice(names)
        return self.literal(type_, size)

    def literal(self, type_: Type, size: int = 0) -> str:
        """A value written down; what it holds are variables or literals."""
        scalars = {INT: INT_LITERALS, FLOAT: FLOAT_LITERALS, BOOL: ("true", "false"), STRING: TEXT_LITERALS}
        if type_ in scalars:
            return self.rng.choice(scalars[type_])
        return getattr(self, "literal_" + type_.kind)(type_, size + 1)

    def items(self, type_: Type, size: int, least: int = 0) -> str:
        most = 3 if size < 2 else 1
        return ", ".join(self.leaf(type_, size) for _ in range(self.rng.randint(min(least, most), most)))

    def literal_Array(self, type_: Type, size: int) -> str:
        return f"[{self.items(type_.args[0], size, 1)}]"

    def literal_Tuple(self, type_: Type, size: int) -> str:
        return f"({', '.join(self.leaf(t, size) for t in type_.args)})"

    def literal_Option(self, type_: Type, size: int) -> str:
        return "None" if self.chance(30) else f"Some({self.leaf(type_.args[0], size)})"

    def literal_Result(self, type_: Type, size: int) -> str:
        return f"Err({self.leaf(STRING)})" if self.chance(30) else f"Ok({self.leaf(type_.args[0], size)})"

    def literal_Nilable(self, type_: Type, size: int) -> str:
        return "nil" if self.chance(40) else self.leaf(type_.args[0], size)

    def literal_Map(self, type_: Type, size: int) -> str:
        key, value = type_.args
        keys = self.rng.sample(KEY_LITERALS[key], self.rng.randint(1, 3))
        return f"Map.new([{', '.join(f'({k}, {self.leaf(value, size)})' for k in keys)}])"

    def literal_Set(self, type_: Type, size: int) -> str:
        return f"Set.new([{', '.join(self.rng.sample(KEY_LITERALS[type_.args[0]], 2))}])"

    def literal_Dictionary(self, type_: Type, size: int) -> str:
        keys = self.rng.sample(KEY_LITERALS[STRING], self.rng.randint(1, 3))
        return f"{{{', '.join(f'{k}: {self.leaf(type_.args[0], size)}' for k in keys)}}}"

    def literal_Record(self, type_: Type, size: int) -> str:
        return f"{{{', '.join(f'{name}: {self.leaf(t, size)}' for name, t in type_.fields)}}}"

    def literal_Function(self, type_: Type, size: int) -> str:
        return self.function_value(*type_.args)

    def literal_Any(self, type_: Type, size: int) -> str:
        return self.leaf(self.rng.choice((*SCALARS, array(INT), tuple_of(INT, STRING), option(INT))), size)

    def literal_Named(self, type_: Type, size: int) -> str:
        declared = self.declaration(type_)
        case = declared.cases[0] if size >= 3 else self.rng.choice(declared.cases)
        return self.construct(type_, case, lambda t: self.leaf(t, size))

    def construct(self, type_: Type, case: Case, value: Callable[[Type], str]) -> str:
        """A constructor call. Only one operand is of the type itself and no literal: values grow one by one."""
        fields = self.fields(type_, case)
        if not fields:
            return case.name
        values, may_recur = [], True
        for _, field_type in fields:
            recurs = holds_type(field_type, type_)
            values.append(value(field_type) if may_recur or not recurs else self.small(field_type))
            may_recur = may_recur and not recurs
        if self.chance(20):
            named = [f"{name}: {v}" for (name, _), v in zip(fields, values, strict=True)]
            return f"{case.name}({', '.join(named)})"
        return f"{case.name}({', '.join(values)})"

    def small(self, type_: Type) -> str:
        """A literal without variables."""
        with self.only_literals():
            return self.literal(type_, 2)

    @contextmanager
    def only_literals(self) -> Iterator[None]:
        names, self.frame.names = self.frame.names, []
        yield
        self.frame.names = names

    def function_value(self, *types: Type) -> str:
        params = [Name(self.fresh("p"), t) for t in types[:-1]]
        with self.without_calls(), self.names(*params):
            body = self.expression(types[-1], self.deepest - 1)
        body = f"({body})" if body.startswith("{") else body
        return f"fn({', '.join(p.text for p in params)}) {body}"

    # --- ways to a value ---------------------------------------------------------------------------------------------

    def made(self, type_: Type, deep: int) -> str:
        maker = getattr(self, "make_" + type_.kind, None)
        return maker(type_, deep) if maker else self.leaf(type_)

    def reached(self, type_: Type, deep: int) -> str | None:
        """The value out of a variable that holds one of the type."""
        found = [text for n in self.frame.names for text in self.paths(n.text, n.type, type_)]
        return self.rng.choice(found) if found else None

    def paths(self, text: str, type_: Type, wanted: Type) -> Iterator[str]:
        """Expressions of the wanted type that read `text`. What may be missing has a literal instead."""
        args = type_.args
        match type_.kind:
            case "Array" if args[0] == wanted:
                index = self.rng.choice(("0", "1", "-1", self.number()))
                yield f"({text}[{index}] ?? {self.leaf(wanted)})"
                yield f"(first({text}) ?? {self.leaf(wanted)})"
            case "Tuple":
                yield from (f"{text}.{i}" for i, t in enumerate(args) if t == wanted)
            case "Option" | "Result" if args[0] == wanted:
                yield f"{text}.unwrapOr({self.leaf(wanted)})"
            case "Nilable" if args[0] == wanted:
                yield f"({text} ?? {self.leaf(wanted)})"
            case "Map" if args[1] == wanted:
                yield f"({text}.get({self.rng.choice(KEY_LITERALS[args[0]])}) ?? {self.leaf(wanted)})"
            case "Dictionary" if args[0] == wanted:
                yield f"({text}[{self.rng.choice(KEY_LITERALS[STRING])}] ?? {self.leaf(wanted)})"
            case "Record":
                yield from (f"{text}.{name}" for name, t in type_.fields if t == wanted)
            case "Named" if self.declaration(type_).is_record:
                fields = self.fields(type_, self.declaration(type_).cases[0])
                yield from (f"{text}.{name}" for name, t in fields if t == wanted)
            case "Function" if args[-1] == wanted:
                with self.without_calls():
                    yield f"{text}({', '.join(self.leaf(t) for t in args[:-1])})"

    def call(self, type_: Type, deep: int) -> str | None:
        """A call of a function of the program, if the account allows one."""
        frame = self.frame
        fitting = [c for c in self.callees if c.result == type_ and frame.work + c.work * frame.turns < MOST_WORK]
        if not fitting:
            return None
        callee = self.rng.choice(fitting)
        frame.work += callee.work * frame.turns
        args = [self.expression(p, deep + 1) for p in callee.params]
        if callee.is_method:
            return f"({args[0]}){callee.head}({', '.join(args[1:])})"
        return f"{callee.head}({', '.join(args)})"

    def chosen(self, type_: Type, deep: int) -> str:
        first, second = self.expression(type_, deep + 1), self.leaf(type_)
        return f"(if {self.expression(BOOL, deep + 1)} {{ {self.tail(first)} }} else {{ {self.tail(second)} }})"

    @staticmethod
    def tail(text: str) -> str:
        return f"({text})" if text.startswith("{") else text

    def matched(self, type_: Type, deep: int) -> str:
        """A match over any value that there is; the last arm takes the rest."""
        subject = self.rng.choice(self.holders(lambda t: t.kind != "Function") or [Name("1", INT)])
        arms = []
        for _ in range(self.rng.randint(1, 3)):
            pattern, names = self.pattern(subject.type)
            with self.names(*names):
                guard = f" if {self.plain(BOOL)}" if self.chance(15) else ""
                arms.append(f"{pattern}{guard} => {self.arm(self.plain(type_))}")
        arms.append(f"_ => {self.arm(self.leaf(type_))}")
        return f"(match {subject.text} {{ {', '.join(arms)} }})"

    @staticmethod
    def arm(text: str) -> str:
        """An expression as the body of an arm, where `{` would begin a block and `(` after a name a call."""
        return f"({text})" if text.startswith("{") else text

    def polymorphic(self, type_: Type, deep: int) -> str:
        """Through library functions that take anything."""
        a, b = self.expression(type_, deep + 1), self.leaf(type_)
        forms = [
            lambda: f"[{a}, {b}][{self.rng.choice(('0', '1', '-1'))}]",
            lambda: f"({a}, {self.leaf(self.rng.choice(SCALARS))}).0",
            lambda: f"Some({a}).unwrap()",
            lambda: f"(Ok({a})).unwrapOr({b})",
            lambda: f"(fn(p) p)({a})",
            lambda: f"reversed([{a}, {b}])[0]",
        ]
        return self.rng.choice(forms)()

    # --- patterns ----------------------------------------------------------------------------------------------------

    def pattern(self, type_: Type, deep: int = 0) -> tuple[str, list[Name]]:
        """A pattern for values of the type, and the names that it binds."""
        if deep >= 3 or self.chance(20 if deep else 5):
            if self.chance(30):
                return "_", []
            name = self.fresh("w")
            return name, [Name(name, type_)]
        maker = getattr(self, "pattern_" + type_.kind, None)
        if maker is None:
            return self.pattern(type_, 3)
        return maker(type_, deep + 1)

    def patterns(self, types: list[Type], deep: int) -> tuple[list[str], list[Name]]:
        texts, names = [], []
        for type_ in types:
            text, bound = self.pattern(type_, deep)
            texts.append(text)
            names += bound
        return texts, names

    def pattern_Int(self, type_: Type, deep: int) -> tuple[str, list[Name]]:
        return self.rng.choice(("0", "1", "-1", "2 | 3", "0..5", "-9..=9", "1 | 7..100")), []

    def pattern_Bool(self, type_: Type, deep: int) -> tuple[str, list[Name]]:
        return self.rng.choice(("true", "false")), []

    def pattern_String(self, type_: Type, deep: int) -> tuple[str, list[Name]]:
        if self.chance(40):
            name = self.fresh("w")
            return f'"{self.rng.choice("axh")}" ++ {name}', [Name(name, STRING)]
        return self.rng.choice(('"a"', '"" | "bc"', '"hello"', '"x y"')), []

    def pattern_Tuple(self, type_: Type, deep: int) -> tuple[str, list[Name]]:
        texts, names = self.patterns(list(type_.args), deep)
        return f"({', '.join(texts)})", names

    def pattern_Array(self, type_: Type, deep: int) -> tuple[str, list[Name]]:
        texts, names = self.patterns([type_.args[0]] * self.rng.randint(0, 3), deep)
        if self.chance(40):
            name = self.fresh("w")
            return f"[{', '.join([*texts, '...' + name])}]", [*names, Name(name, type_)]
        return f"[{', '.join(texts)}]", names

    def pattern_Option(self, type_: Type, deep: int) -> tuple[str, list[Name]]:
        if self.chance(30):
            return "None", []
        text, names = self.pattern(type_.args[0], deep)
        return f"Some({text})", names

    def pattern_Result(self, type_: Type, deep: int) -> tuple[str, list[Name]]:
        name, value = self.rng.choice((("Ok", type_.args[0]), ("Err", STRING)))
        text, names = self.pattern(value, deep)
        return f"{name}({text})", names

    def pattern_Nilable(self, type_: Type, deep: int) -> tuple[str, list[Name]]:
        if type_.args[0] in SCALARS and self.chance(50):
            return self.pattern(type_.args[0], 1)[0].split(" ++ ")[0], []
        return "nil", []

    def pattern_Record(self, type_: Type, deep: int) -> tuple[str, list[Name]]:
        texts, names = self.patterns(list(type_.args), deep)
        return f"{{{', '.join(f'{n}: {p}' for (n, _), p in zip(type_.fields, texts, strict=True))}}}", names

    def pattern_Named(self, type_: Type, deep: int) -> tuple[str, list[Name]]:
        case = self.rng.choice(self.declaration(type_).cases)
        types = [t for _, t in self.fields(type_, case)]
        texts, names = self.patterns(types[: self.rng.randint(0, len(types))] if self.chance(20) else types, deep)
        return case.name + (f"({', '.join(texts)})" if texts else ""), names

    # --- makers ------------------------------------------------------------------------------------------------------

    def make_Int(self, type_: Type, deep: int) -> str:
        a = self.expression(INT, deep)
        forms = [
            lambda: f"(({a}) {self.rng.choice('+-*&|^')} ({self.expression(INT, deep)}))",
            lambda: f"(({a}) {self.rng.choice('+-*')} ({self.leaf(INT)}))",
            lambda: f"(({a}) % ({self.leaf(INT)} | 1))",
            lambda: f"(-({a}))",
            lambda: f"len({self.expression(self.sized(), deep)})",
            lambda: f"sum({self.expression(array(INT), deep)})",
            lambda: f"({self.expression(array(INT), deep)}).reduce(fn(p, q) p * 3 + q, {self.leaf(INT)})",
            lambda: f"(toInt({self.expression(STRING, deep)}) ?? {a})",
            lambda: f"({self.expression(map_of(STRING, INT), deep)}).size",
            lambda: self.risky_int(a, deep),
        ]
        return self.rng.choice(forms)()

    def risky_int(self, other: str, deep: int) -> str:
        """An Int, or a panic: where panics are caught, and seldom elsewhere."""
        if not (self.frame.tries or self.chance(4)):
            return other
        forms = [
            lambda: f"({self.expression(array(INT), deep)})[{other}]",
            lambda: f"({self.expression(option(INT), deep)}).unwrap()",
            lambda: f"({self.expression(result(INT), deep)}).expect({self.leaf(STRING)})",
            lambda: f"(({other}) % ({self.leaf(INT)}))",
        ]
        return self.rng.choice(forms)()

    def sized(self) -> Type:
        any_type = self.element()
        sized = (STRING, array(any_type), map_of(STRING, INT), set_of(INT), dictionary(INT))
        return self.rng.choice(sized)

    def make_Float(self, type_: Type, deep: int) -> str:
        a = self.expression(FLOAT, deep)
        forms = [
            lambda: f"(({a}) {self.rng.choice('+-*/')} ({self.expression(FLOAT, deep)}))",
            lambda: f"(({self.expression(INT, deep)}) / ({self.expression(INT, deep)}))",
            lambda: f"abs({a})",
            lambda: f"max([{a}, {self.leaf(FLOAT)}])",
        ]
        return self.rng.choice(forms)()

    def make_Bool(self, type_: Type, deep: int) -> str:
        scalar = self.rng.choice((INT, INT, FLOAT, STRING))
        forms = [
            lambda: f"(({self.expression(scalar, deep)}) {self.rng.choice(COMPARISONS)} ({self.leaf(scalar)}))",
            lambda: f"({self.expression(BOOL, deep)} {self.rng.choice(('and', 'or'))} {self.expression(BOOL, deep)})",
            lambda: f"(not {self.expression(BOOL, deep)})",
            lambda: f"({self.leaf(scalar)} in ({self.expression(array(scalar), deep)}))",
            lambda: f"({self.expression(option(self.type()), deep)}).{self.rng.choice(('isSome', 'isNone'))}()",
            lambda: f"({self.expression(result(INT), deep)}).{self.rng.choice(('isOk', 'isErr'))}()",
            lambda: f"({self.expression(map_of(STRING, INT), deep)}).has({self.rng.choice(KEY_LITERALS[STRING])})",
            lambda: f"({self.expression(set_of(INT), deep)}).has({self.leaf(INT)})",
            lambda: f"({self.rng.choice(KEY_LITERALS[STRING])} in ({self.expression(dictionary(INT), deep)}))",
            self.kind_test,
        ]
        return self.rng.choice(forms)()

    def kind_test(self) -> str:
        """A question about the kind or the variant of a value."""
        subjects = self.holders(lambda t: t == ANY or (t.kind == "Named" and not self.declaration(t).is_record))
        if not subjects:
            return f"({self.leaf(nilable(INT))} == nil)"
        subject = self.rng.choice(subjects)
        kinds = ("Int", "String", "Bool", "Array", "Float")
        if subject.type != ANY:
            kinds = tuple(case.name for case in self.declaration(subject.type).cases)
        return f"({subject.text} {self.rng.choice(('is', 'is not'))} {self.rng.choice(kinds)})"

    def make_String(self, type_: Type, deep: int) -> str:
        a = self.expression(STRING, deep)
        forms = [
            lambda: f"({a} + {self.leaf(STRING)})[0:40]",
            lambda: '"' + "".join(f"{{{self.expression(self.type(), deep)}}};" for _ in range(2)) + '"',
            lambda: f"({a})[{self.rng.choice(('1:', ':2', '-2:', '::-1'))}]",
            lambda: f"{self.rng.choice(('upper', 'trim', 'reverseStr'))}({a})",
            lambda: f'({self.expression(array(self.rng.choice(SCALARS)), deep)}).join("-")',
            lambda: f"typeOf({self.leaf(self.rng.choice((ANY, self.type())))})",
            lambda: f"jsonStringify({self.expression(self.type(), deep)})",
        ]
        return self.rng.choice(forms)()

    def make_Array(self, type_: Type, deep: int) -> str:
        element = type_.args[0]
        a = self.expression(type_, deep)
        forms = [
            lambda: f"[{self.expression(element, deep)}, {self.leaf(element)}]",
            lambda: f"({a})[{self.rng.choice(('1:', ':2', '-2:', '::-1', '1:-1'))}]",
            lambda: f"[...({a})[0:5], {self.expression(element, deep)}]",
            lambda: f"reversed({a})",
            lambda: f"take({a}, {self.number()})",
            lambda: self.mapped(element, deep),
            lambda: self.filtered(type_, deep),
            lambda: self.comprehension(element),
            lambda: self.of_container(element, deep),
            lambda: f"sorted({a})" if element in (INT, STRING) else a,
        ]
        return self.rng.choice(forms)()

    def mapped(self, element: Type, deep: int) -> str:
        source = self.element()
        subject = f"({self.expression(array(source), deep)})[0:6]"
        param = Name(self.fresh("x"), source)
        with self.names(param):
            body = self.tail(self.plain(element))
        if self.chance(20):
            return f"iter({subject}).map(fn({param.text}) {body}).collect()"
        return f"{subject}.map(fn({param.text}) {body})"

    def filtered(self, type_: Type, deep: int) -> str:
        param = Name(self.fresh("x"), type_.args[0])
        subject = self.expression(type_, deep)
        with self.names(param):
            return f"({subject}).filter(fn({param.text}) {self.plain(BOOL)})"

    def comprehension(self, element: Type) -> str:
        name = Name(self.fresh("x"), INT)
        with self.names(name):
            condition = f" if {self.plain(BOOL)}" if self.chance(30) else ""
            return f"[{self.plain(element)} for {name.text} in 0..{self.rng.randint(0, 4)}{condition}]"

    def of_container(self, element: Type, deep: int) -> str:
        """An array of what something else holds."""
        forms = [
            lambda: f"({self.expression(map_of(self.rng.choice(KEYS), element), deep)}).values()",
            lambda: f"values({self.expression(dictionary(element), deep)})",
        ]
        if element in KEYS:
            forms.append(lambda: f"({self.expression(map_of(element, INT), deep)}).keys()")
            forms.append(lambda: f"[...({self.expression(set_of(element), deep)})]")
        if element == STRING:
            forms.append(lambda: f"keys({self.expression(dictionary(INT), deep)})")
        if element.kind == "Tuple" and len(element.args) == 2:
            first, second = (f"({self.expression(array(t), deep)})" for t in element.args)
            forms.append(lambda: f"zip({first}, {second})")
        return self.rng.choice(forms)()

    def make_Tuple(self, type_: Type, deep: int) -> str:
        return f"({', '.join(self.expression(t, deep) for t in type_.args)})"

    def make_Option(self, type_: Type, deep: int) -> str:
        value = type_.args[0]
        a = self.expression(type_, deep)
        forms = [
            lambda: f"Some({self.expression(value, deep)})",
            lambda: f"({a}).map({self.function_value(value, value)})",
            lambda: f"({a}).filter({self.function_value(value, BOOL)})",
            lambda: f"({a}).or({self.leaf(type_)})",
            lambda: f"({a}).flatMap({self.function_value(value, type_)})",
            lambda: f"({self.expression(option(INT), deep)}).map({self.function_value(INT, value)})",
        ]
        return self.rng.choice(forms)()

    def make_Result(self, type_: Type, deep: int) -> str:
        value = type_.args[0]
        a = self.expression(type_, deep)
        forms = [
            lambda: f"Ok({self.expression(value, deep)})",
            lambda: f"Err({self.expression(STRING, deep)})",
            lambda: f"({a}).map({self.function_value(value, value)})",
            lambda: f"({a}).mapErr({self.function_value(STRING, STRING)})",
            lambda: f"({a}).andThen({self.function_value(value, type_)})",
            lambda: f"({a}).context({self.leaf(STRING)})",
            lambda: f"({a}).or({self.leaf(type_)})",
        ]
        return self.rng.choice(forms)()

    def make_Nilable(self, type_: Type, deep: int) -> str:
        value = type_.args[0]
        forms = [
            lambda: "nil",
            lambda: self.expression(value, deep),
            lambda: f"({self.expression(array(value), deep)}).find({self.function_value(value, BOOL)})",
            lambda: f"first({self.expression(array(value), deep)})",
            lambda: f"({self.expression(map_of(INT, value), deep)}).get({self.leaf(INT)})",
        ]
        return self.rng.choice(forms)()

    def make_Map(self, type_: Type, deep: int) -> str:
        key, value = type_.args
        keys = self.rng.sample(KEY_LITERALS[key], self.rng.randint(1, 3))
        return f"Map.new([{', '.join(f'({k}, {self.expression(value, deep + 1)})' for k in keys)}])"

    def make_Set(self, type_: Type, deep: int) -> str:
        return f"Set.new({self.expression(array(type_.args[0]), deep)})"

    def make_Dictionary(self, type_: Type, deep: int) -> str:
        value = type_.args[0]
        if self.chance(40):
            name = Name(self.fresh("x"), STRING)
            source = self.expression(array(STRING), deep)
            with self.names(name):
                return f"{{{name.text}: {self.plain(value)} for {name.text} in {source}}}"
        if self.chance(30):
            spread = self.expression(type_, deep)
            return f"{{...({spread}), {self.rng.choice(KEY_LITERALS[STRING])}: {self.leaf(value)}}}"
        keys = self.rng.sample(KEY_LITERALS[STRING], self.rng.randint(1, 3))
        return f"{{{', '.join(f'{k}: {self.expression(value, deep + 1)}' for k in keys)}}}"

    def make_Record(self, type_: Type, deep: int) -> str:
        if self.chance(30):
            name, t = self.rng.choice(type_.fields)
            return f"{{...({self.leaf(type_)}), {name}: {self.expression(t, deep)}}}"
        return f"{{{', '.join(f'{name}: {self.expression(t, deep)}' for name, t in type_.fields)}}}"

    def make_Named(self, type_: Type, deep: int) -> str:
        case = self.rng.choice(self.declaration(type_).cases)
        return self.construct(type_, case, lambda t: self.expression(t, deep))

    def make_Any(self, type_: Type, deep: int) -> str:
        return self.expression(self.rng.choice((*SCALARS, self.element())), deep)


def holds_type(type_: Type, inner: Type) -> bool:
    """True if values of `type_` may hold values of the type `inner`."""
    return type_ == inner or any(holds_type(arg, inner) for arg in type_.args)
