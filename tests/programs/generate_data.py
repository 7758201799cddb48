"""Random programs over the data types that are well typed and end.

    print(program(random.Random(7)))

Declared records and sums (generic ones and recursive ones), tuples, Option and Result, maps, sets, records and dictionaries,
arrays of all of these, closures, methods, generators, `match` with nested patterns, `try`, `defer`, and values whose kind is
known only when the program runs. What a program prints is not known; but it is the same on every engine, at every level, and
however often garbage is collected. A program may panic, then with the same message everywhere.

No program depends on addresses or on how long anything takes. Every value is finite: a value holds only values of types that
were declared before its own, or, if it is a variant, values that were there before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

from .data_types import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    SCALARS,
    STRING,
    Case,
    Declared,
    Type,
    annotation,
    array,
    function,
    option,
    random_declarations,
    result,
)
from .generate_values import KEY_LITERALS, MOST_WORK, Callee, Frame, Name, Values

MUTABLE = ("Array", "Map", "Set", "Dictionary", "Record", "Named")


def program(rng: Random) -> str:
    """The text of a random program."""
    return Writer(rng).program()


def boxed_program(rng: Random) -> str:
    """The text of the same program with some values taken out of an array of several kinds.

    It does the same as `program` with the same choices, but the compiler does not know the kinds any more.
    """
    return Writer(rng, Random(0)).program()


#: What stands behind a value that is put among others of other kinds.
_BOX_END = ', nil, "box", true][0]'


def unboxed(text: str) -> str:
    """The program without the arrays that `boxed_program` has put values in."""
    while (end := text.find(_BOX_END)) >= 0:
        start, depth = end, 1
        while depth:
            start -= 1
            depth += {"]": 1, "[": -1}.get(text[start], 0)
        text = text[:start] + text[start + 1 : end] + text[end + len(_BOX_END) :]
    return text


class Writer(Values):
    """Writes one program, line by line. Blocks begin with `{` at the end of a line and end with a line `}`."""

    def __init__(self, rng: Random, boxes: Random | None = None) -> None:
        """`boxes` decides which values are put among others of other kinds, if any."""
        super().__init__(rng)
        self.boxes = boxes
        self.lines: list[str] = []
        self.depth = 0

    def program(self) -> str:
        self.declared = random_declarations(self.rng)
        self.choose_palette()
        for declared in self.declared:
            self.line(declared.text())
        for declared in self.declared:
            if self.chance(35):
                self.methods(declared)
        for _ in range(self.rng.choice((0, 0, 1, 1, 2))):
            self.rng.choice((self.function, self.function, self.generator, self.walker, self.propagating))()
        self.frame = Frame()
        self.statements(self.rng.choice((2, 2, 3, 4, 6)))
        for name in self.frame.names:
            if name.is_plain:
                self.line(f"print({name.text})")
        return "\n".join(self.lines) + "\n"

    # --- text --------------------------------------------------------------------------------------------------------

    def line(self, text: str) -> None:
        self.lines.append("  " * self.depth + text)

    @contextmanager
    def block(self, head: str, turns: int = 1) -> Iterator[None]:
        """Lines of a block that is entered up to `turns` times as often as what is around it."""
        self.line(head + " {")
        with self.inside(turns):
            yield
        self.line("}")

    @contextmanager
    def then(self, head: str) -> Iterator[None]:
        """A block that goes on after the one before: `else`, `catch`."""
        self.lines[-1] += f" {head} {{"
        with self.inside(1):
            yield
        self.line("}")

    @contextmanager
    def inside(self, turns: int) -> Iterator[None]:
        self.depth += 1
        names, around = list(self.frame.names), self.frame.turns
        self.frame.turns *= turns
        yield
        self.frame.turns = around
        self.frame.names = names
        self.depth -= 1

    # --- functions ---------------------------------------------------------------------------------------------------

    def params(self, types: list[Type]) -> tuple[list[Name], str]:
        names = [Name(self.fresh("p"), t) for t in types]
        return names, ", ".join(self.declare(n) for n in names)

    def declare(self, name: Name) -> str:
        """The name with its annotation, or without: then its type has to be found out."""
        return f"{name.text}: {annotation(name.type)}" if self.chance(20) else name.text

    def function(self) -> None:
        """A function, recursive or not, that calls only those before it."""
        name = self.fresh("f")
        names, params = self.params([self.type() for _ in range(self.rng.randint(0, 3))])
        result_type = self.type()
        is_recursive = self.chance(30)
        self.frame = Frame(list(names), turns=8 if is_recursive else 1, result=result_type)
        head = ", ".join(filter(None, ["fuel" if is_recursive else "", params]))
        with self.block(f"fn {name}({head})"):
            if self.chance(20):
                self.line(f"defer {self.output(1)}")
            if is_recursive:
                self.line(f"if fuel <= 0 {{ return {self.expression(result_type)} }}")
            self.statements(self.rng.randint(0, 3))
            if is_recursive:
                again = ", ".join(["fuel - 1", *(self.leaf(n.type) for n in names)])
                self.line(f"again = {name}({again})")
                self.frame.names.append(Name("again", result_type))
            self.line(f"return {self.expression(result_type)}")
        types = tuple(n.type for n in names)
        work = self.frame.work + self.frame.turns
        if is_recursive:
            wrapper, texts = self.fresh("f"), [n.text for n in names]
            call = f"{name}({', '.join([str(self.rng.randint(0, 6)), *texts])})"
            self.line(f"fn {wrapper}({', '.join(texts)}) {{ {call} }}")
            name = wrapper
        self.callees.append(Callee(name, types, result_type, work))

    def propagating(self) -> None:
        """A function that leaves early with what `?` finds."""
        wrap = self.rng.choice((option, result))
        name, value = self.fresh("f"), self.element()
        names, params = self.params([wrap(INT), wrap(value), self.type()])
        self.frame = Frame(list(names), result=wrap(value))
        constructor = "Some" if wrap is option else "Ok"
        with self.block(f"fn {name}({params})"):
            for source in names[:2]:
                local = self.fresh("v")
                self.line(f"{local} = {self.rng.choice((source.text, f'({self.expression(source.type)})'))}?")
                self.frame.names.append(Name(local, source.type.args[0]))
                self.statements(self.rng.randint(0, 1))
            self.line(f"{constructor}({self.expression(value)})")
        self.callees.append(Callee(name, tuple(n.type for n in names), wrap(value), self.frame.work + 1))

    def walker(self) -> None:
        """A function over all of a recursive value, by `match`."""
        recursive = [d for d in self.declared if d.is_recursive()]
        if not recursive:
            return self.function()
        declared = self.rng.choice(recursive)
        type_ = Type("Named", tuple(self.rng.choice(SCALARS) for _ in declared.params), declared.name)
        name, result_type = self.fresh("f"), self.rng.choice((INT, INT, STRING))
        self.frame = Frame(result=result_type)
        with self.block(f"fn {name}(t)"), self.block("match t"):
            for case in declared.cases:
                self.line(self.walk(name, case, type_, result_type))
        # Values are as large as what was written down, hardly more than a few dozen parts.
        self.callees.append(Callee(name, (type_,), result_type, 10))
        return None

    def walk(self, name: str, case: Case, type_: Type, result_type: Type) -> str:
        """The arm of a case: what its parts give, put together."""
        fields = self.fields(type_, case)
        names = [Name(self.fresh("w"), t) for _, t in fields]
        inner = [f"{name}({n.text})" for n in names if n.type == type_]
        with self.names(*names):
            parts = [self.plain(result_type), *inner]
        pattern = case.name + (f"({', '.join(n.text for n in names)})" if names else "")
        if result_type == STRING:
            return f'{pattern} => ("(" + {" + ".join(f"({p})" for p in parts)} + ")")[0:60]'
        return f"{pattern} => {' + '.join(f'({p})' for p in parts)}"

    def methods(self, declared: Declared) -> None:
        """`impl` with a method or two; the type's parameters are scalars there."""
        type_ = Type("Named", tuple(self.rng.choice(SCALARS) for _ in declared.params), declared.name)
        made = []
        with self.block(f"impl {declared.name}"):
            for _ in range(self.rng.randint(1, 2)):
                name = self.fresh("m")
                names, params = self.params([self.type() for _ in range(self.rng.randint(0, 2))])
                result_type = self.type()
                self.frame = Frame([Name("self", type_), *names], result=result_type)
                with self.block(f"fn {name}({', '.join(filter(None, ['self', params]))})"):
                    self.statements(self.rng.randint(0, 2))
                    self.line(f"return {self.expression(result_type)}")
                types = (type_, *(n.type for n in names))
                made.append(Callee(f".{name}", types, result_type, self.frame.work + 1, is_method=True))
        self.callees += made

    def generator(self) -> None:
        """A generator function, and a function that collects what it yields."""
        name, element = self.fresh("g"), self.type()
        names, params = self.params([INT, self.type()])
        self.frame = Frame(list(names), is_generator=True)
        with self.block(f"fn {name}({params})"):
            self.line(f"yield ({self.expression(element)})")
            counter = self.fresh("n")
            self.line(f"var {counter} = 0")
            with self.block(f"while {counter} < {self.rng.randint(1, 4)}", 4):
                self.line(f"{counter} += 1")
                self.frame.names.append(Name(counter, INT))
                self.statements(self.rng.randint(0, 2))
                self.line(f"yield ({self.expression(element)})")
            if self.chance(30):
                self.line(f"yield from {self.expression(array(element))}")
        collect, texts = self.fresh("f"), ", ".join(n.text for n in names)
        body = self.rng.choice((f"[...{name}({texts})]", f"iter({name}({texts})).take(3).collect()"))
        self.line(f"fn {collect}({texts}) {{ {body} }}")
        self.callees.append(Callee(collect, tuple(n.type for n in names), array(element), self.frame.work + 5))

    # --- statements --------------------------------------------------------------------------------------------------

    def statements(self, count: int) -> None:
        for _ in range(count):
            self.frame.work += self.frame.turns
            self.statement()

    def statement(self) -> None:
        forms: list[Callable[[], None]] = (
            [self.binding] * 3 + [self.variable] * 2 + [self.show, self.closure, self.alias]
        )
        forms += [self.destructuring, self.change, self.change, self.change]
        if any(n.is_mutable for n in self.frame.names):
            forms += [self.assignment, self.assignment]
        if self.depth < 4:
            forms += [self.condition, self.matching, self.matching, self.kinds, self.refinement]
            if not self.frame.is_generator:
                forms += [self.attempt]
            if self.frame.turns < MOST_WORK // 10:
                forms += [self.for_range, self.for_elements, self.for_entries, self.while_loop]
        if self.frame.loops and self.chance(30):
            forms.append(self.jump)
        self.rng.choice(forms)()

    def bind(self, type_: Type, value: str, is_mutable: bool = False) -> Name:
        name = self.fresh("v")
        typed = f": {annotation(type_)}" if self.chance(8) else ""
        value = value if typed else self.boxed(value)
        self.line(f"{'var ' if is_mutable else ''}{name}{typed} = {value}")
        made = Name(name, type_, is_mutable)
        self.frame.names.append(made)
        return made

    def boxed(self, value: str) -> str:
        """The value, perhaps out of an array of values of several kinds."""
        if self.boxes is None or self.boxes.randrange(100) >= 30:
            return value
        return f"[{value}{_BOX_END}"

    def binding(self) -> None:
        type_ = self.type()
        self.bind(type_, self.expression(type_))

    def variable(self) -> None:
        type_ = self.type()
        if not self.grows(type_):
            self.bind(type_, self.expression(type_), True)

    def grows(self, type_: Type) -> bool:
        """True if a variable of the type could take up its own value again and again."""
        return type_.kind == "Named" and self.declaration(type_).is_recursive()

    def alias(self) -> None:
        """A second name for a value that can be changed."""
        found = self.holders(lambda t: t.kind in MUTABLE)
        if found:
            source = self.rng.choice(found)
            self.bind(source.type, source.text)

    def output(self, most: int = 3) -> str:
        values = [self.boxed(self.expression(self.type())) for _ in range(self.rng.randint(1, most))]
        return f"print({', '.join(values)})"

    def show(self) -> None:
        self.line(self.output())

    def closure(self) -> None:
        """A named function value; it may change what it captures."""
        types = [self.type() for _ in range(self.rng.randint(1, 3))]
        shared = self.holders(lambda t: t == INT)
        shared = [n for n in shared if n.is_mutable]
        name = self.fresh("h")
        if shared and self.chance(50):
            target, param = self.rng.choice(shared).text, self.fresh("p")
            types = [INT, INT]
            text = f"fn({param}) {{ {target} {self.rng.choice(('+=', '-='))} {param}; {target} + {self.plain(INT)} }}"
        else:
            text = self.function_value(*types)
        self.line(f"{name} = {text}")
        self.frame.names.append(Name(name, function(*types)))

    def destructuring(self) -> None:
        found = self.holders(lambda t: t.kind in ("Tuple", "Record", "Array"))
        if not found:
            return self.binding()
        source = self.rng.choice(found)
        names = [Name(self.fresh("v"), t) for t in source.type.args]
        if source.type.kind == "Tuple":
            self.line(f"({', '.join(n.text for n in names)}) = {source.text}")
        elif source.type.kind == "Record":
            pairs = zip(source.type.fields, names, strict=True)
            self.line(f"{{{', '.join(f'{field}: {n.text}' for (field, _), n in pairs)}}} = {source.text}")
        else:
            rest = Name(self.fresh("v"), source.type)
            self.line(f"[{names[0].text}, ...{rest.text}] = [{self.leaf(names[0].type)}, ...{source.text}]")
            names.append(rest)
        self.frame.names += names
        return None

    def assignment(self) -> None:
        name = self.rng.choice([n for n in self.frame.names if n.is_mutable])
        if name.type in (INT, FLOAT) and self.chance(50):
            self.line(f"{name.text} {self.rng.choice(('+=', '-=', '*='))} {self.expression(name.type)}")
        else:
            self.line(f"{name.text} = {self.expression(name.type)}")

    def change(self) -> None:
        """Change what a variable refers to."""
        found = self.holders(lambda t: t.kind in MUTABLE)
        if found:
            name = self.rng.choice(found)
            getattr(self, "change_" + name.type.kind)(name.text, name.type)

    def change_Array(self, text: str, type_: Type) -> None:
        value = self.expression(type_.args[0])
        forms = [
            f"if len({text}) < 9 {{ {text}.push({value}) }}",
            f"if len({text}) > 0 {{ {text}.pop() }}",
            f"if len({text}) > 0 {{ {text}[{self.number()} % len({text})] = {value} }}",
            f"if len({text}) > 1 {{ {text}[{self.rng.choice(('0', '1', '-1'))}] = {value} }}",
            f"{text}.reverse()",
        ]
        self.line(self.rng.choice(forms))

    def change_Map(self, text: str, type_: Type) -> None:
        key = self.rng.choice(KEY_LITERALS[type_.args[0]])
        if self.chance(30):
            self.line(f"{text}.delete({key})")
        else:
            self.line(f"{text}.set({key}, {self.expression(type_.args[1])})")

    def change_Set(self, text: str, type_: Type) -> None:
        key = self.rng.choice(KEY_LITERALS[type_.args[0]])
        self.line(f"{text}.{self.rng.choice(('add', 'add', 'delete'))}({key})")

    def change_Dictionary(self, text: str, type_: Type) -> None:
        key, value = self.rng.choice(KEY_LITERALS[STRING]), type_.args[0]
        if value == INT and self.chance(50):
            self.line(f"{text}[{key}] = ({text}[{key}] ?? 0) + {self.expression(INT)}")
        else:
            self.line(f"{text}[{key}] = {self.expression(value)}")

    def change_Record(self, text: str, type_: Type) -> None:
        self.set_field(text, self.rng.choice(type_.fields))

    def change_Named(self, text: str, type_: Type) -> None:
        declared = self.declaration(type_)
        if declared.is_record:
            self.set_field(text, self.rng.choice(self.fields(type_, declared.cases[0])))

    def set_field(self, text: str, field: tuple[str, Type]) -> None:
        name, type_ = field
        operator = self.rng.choice(("+=", "-=", "*=")) if type_ in (INT, FLOAT) and self.chance(50) else "="
        self.line(f"{text}.{name} {operator} {self.expression(type_)}")

    # --- blocks ------------------------------------------------------------------------------------------------------

    def condition(self) -> None:
        with self.block(f"if {self.expression(BOOL)}"):
            self.statements(self.rng.randint(1, 2))
        if self.chance(30):
            with self.then(f"elif {self.expression(BOOL)}"):
                self.statements(1)
        if self.chance(50):
            with self.then("else"):
                self.statements(self.rng.randint(1, 2))

    def matching(self) -> None:
        """A match over all cases of a declared type, or with some patterns for any value."""
        subjects = self.holders(lambda t: t.kind != "Function")
        if not subjects:
            return self.binding()
        subject = self.rng.choice(subjects)
        named = subject.type.kind == "Named"
        with self.block(f"match {subject.text}"):
            if named and self.chance(60):
                for case in self.declaration(subject.type).cases:
                    names = [Name(self.fresh("w"), t) for _, t in self.fields(subject.type, case)]
                    self.arm_block(case.name + (f"({', '.join(n.text for n in names)})" if names else ""), names)
            else:
                for _ in range(self.rng.randint(1, 3)):
                    self.arm_block(*self.pattern(subject.type))
                self.arm_block("_", [])
        return None

    def arm_block(self, pattern: str, names: list[Name]) -> None:
        with self.names(*names):
            guard = f" if {self.plain(BOOL)}" if self.chance(15) else ""
            with self.block(f"{pattern}{guard} =>"):
                if names and self.chance(70):
                    self.line(f"print({', '.join(n.text for n in names[:3])})")
                self.statements(1)

    def kinds(self) -> None:
        """Values of several kinds in one array, told apart by `is`."""
        items = [self.expression(self.rng.choice((*SCALARS, array(INT), option(INT)))) for _ in range(4)]
        name = Name(self.fresh("e"), ANY)
        with self.block(f"for {name.text} in [{', '.join([*items, self.rng.choice(('nil', '7', 'true'))])}]", 5):
            self.told_apart(name)

    def refinement(self) -> None:
        """A value of unknown kind, or that may be nil, looked at."""
        unknown = self.holders(lambda t: t == ANY)
        missing = self.holders(lambda t: t.kind == "Nilable")
        if unknown and (not missing or self.chance(50)):
            return self.told_apart(self.rng.choice(unknown))
        if not missing:
            return self.binding()
        name = self.rng.choice(missing)
        if name.is_mutable:
            return self.show()
        with self.block(f"if {name.text} != nil"), self.names(Name(name.text, name.type.args[0])):
            self.line(f"print({name.text}, {self.expression(name.type.args[0])})")
            self.statements(1)
        return None

    def told_apart(self, name: Name) -> None:
        known = {"Int": INT, "String": STRING, "Bool": BOOL, "Float": FLOAT}
        kinds = self.rng.sample(list(known), 3)
        others = [n for n in self.frame.names if n.text != name.text]
        for number, kind in enumerate(kinds):
            head = f"if {name.text} is {kind}"
            with self.then("el" + head) if number else self.block(head):
                self.frame.names = [*others, Name(name.text, known[kind])]
                self.line(f"print({name.text}, {self.expression(known[kind])})")
        with self.then("else"):
            self.line(f'print("other", {name.text})')

    def attempt(self) -> None:
        """`try` around what may panic."""
        error = self.fresh("c")
        self.frame.tries += 1
        with self.block("try"):
            self.statements(self.rng.randint(1, 2))
            self.line(f"print({self.risky_int(self.leaf(INT), 1)})")
        with self.then(f"catch {error}"):
            self.line(f"print({error}.message)")
            self.statements(self.rng.randint(0, 1))
        self.frame.tries -= 1
        if self.chance(30):
            with self.then("finally"):
                self.line('print("finally")')
                self.statements(self.rng.randint(0, 1))

    # --- loops -------------------------------------------------------------------------------------------------------

    def for_range(self) -> None:
        turns = self.rng.randint(1, 5)
        name = self.fresh("i")
        self.loop(
            f"for {name} in {self.rng.choice((f'0..{turns}', f'range({turns}, 0, -1)'))}", [Name(name, INT)], turns
        )

    def for_elements(self) -> None:
        element = self.rng.choice((self.element(), STRING))
        name, index = self.fresh("e"), self.fresh("i")
        source = f"({self.expression(array(element))})[0:6]"
        if self.chance(30):
            self.loop(f"for {index}, {name} in {source}", [Name(index, INT), Name(name, element)], 6)
        else:
            self.loop(f"for {name} in {source}", [Name(name, element)], 6)

    def for_entries(self) -> None:
        """Over a map, a set or a dictionary; nothing in the loop can change it."""
        found = self.holders(lambda t: t.kind in ("Map", "Dictionary", "Set"))
        if not found:
            return self.for_elements()
        source = self.rng.choice(found)
        key = Name(self.fresh("k"), source.type.args[0] if source.type.kind != "Dictionary" else STRING)
        value = Name(self.fresh("e"), source.type.args[-1])
        names = [key] if source.type.kind == "Set" else [key, value]
        with self.block(f"for {', '.join(n.text for n in names)} in {source.text}", 8), self.names(*names):
            shown = [n.text for n in names]
            self.line(f"print({', '.join([*shown, self.plain(self.type())])})")
            totals = [n for n in self.holders(lambda t: t == INT) if n.is_mutable]
            if totals:
                self.line(f"{self.rng.choice(totals).text} += {self.plain(INT)}")
        return None

    def while_loop(self) -> None:
        counter, turns, label = self.fresh("n"), self.rng.randint(1, 5), self.fresh("l")
        self.line(f"var {counter} = 0")
        with self.block(f"{label}: while {counter} < {turns}", turns):
            self.line(f"{counter} += 1")
            self.frame.names.append(Name(counter, INT))
            self.inside_loop(label)

    def loop(self, head: str, names: list[Name], turns: int) -> None:
        with self.block(head, turns):
            self.frame.names += names
            self.inside_loop("")

    def inside_loop(self, label: str) -> None:
        self.frame.loops.append(label)
        self.statements(self.rng.randint(1, 3))
        self.frame.loops.pop()

    def jump(self) -> None:
        jump = f"{self.rng.choice(('break', 'continue'))} {self.rng.choice(self.frame.loops)}".rstrip()
        if self.frame.result is not None and self.chance(30):
            jump = f"return {self.expression(self.frame.result)}"
        self.line(f"if {self.expression(BOOL)} {{ {jump} }}")
