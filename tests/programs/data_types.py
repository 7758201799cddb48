"""Types of the language as data, for the generator of programs: which there are, how they are written, what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Type:
    """A type: `kind` says what `args` are. `name` is a declared type's, or the field names of a record, joined by blanks."""

    kind: str
    args: tuple[Type, ...] = ()
    name: str = ""

    @property
    def fields(self) -> list[tuple[str, Type]]:
        """The fields of an open record."""
        return list(zip(self.name.split(), self.args, strict=True))


INT, FLOAT, BOOL, STRING = (Type(kind) for kind in ("Int", "Float", "Bool", "String"))
#: A value of a kind that is only known when the program runs.
ANY = Type("Any")
SCALARS = (INT, FLOAT, BOOL, STRING)
#: What maps, sets and dictionaries may have as keys.
KEYS = (INT, STRING)


def array(element: Type) -> Type:
    return Type("Array", (element,))


def tuple_of(*items: Type) -> Type:
    return Type("Tuple", items)


def option(value: Type) -> Type:
    return Type("Option", (value,))


def result(value: Type) -> Type:
    """A Result whose errors are texts."""
    return Type("Result", (value,))


def nilable(value: Type) -> Type:
    return Type("Nilable", (value,))


def map_of(key: Type, value: Type) -> Type:
    return Type("Map", (key, value))


def set_of(element: Type) -> Type:
    return Type("Set", (element,))


def dictionary(value: Type) -> Type:
    """A record whose keys the program computes."""
    return Type("Dictionary", (value,))


def record(**fields: Type) -> Type:
    return Type("Record", tuple(fields.values()), " ".join(fields))


def function(*types: Type) -> Type:
    """Parameter types, then the result type."""
    return Type("Function", types)


@dataclass(frozen=True)
class Case:
    """A constructor with its fields."""

    name: str
    fields: tuple[tuple[str, Type], ...]


@dataclass(frozen=True)
class Declared:
    """A declared type; inside its fields `Type("Parameter", name="T")` stands for what it is applied to."""

    name: str
    params: tuple[str, ...]
    cases: tuple[Case, ...]

    @property
    def is_record(self) -> bool:
        return len(self.cases) == 1 and self.cases[0].name == self.name

    def is_recursive(self) -> bool:
        return any(holds(type_, self.name) for case in self.cases for _, type_ in case.fields)

    def text(self) -> str:
        """The declaration as the program has it."""
        params = f"<{', '.join(self.params)}>" if self.params else ""
        if self.is_record:
            fields = ", ".join(f"{name}: {annotation(type_)}" for name, type_ in self.cases[0].fields)
            return f"type {self.name}{params} {{ {fields} }}"
        return f"type {self.name}{params} {{ {', '.join(map(_case_text, self.cases))} }}"


def _case_text(case: Case) -> str:
    fields = ", ".join(f"{name}: {annotation(type_)}" for name, type_ in case.fields)
    return f"{case.name}({fields})" if fields else case.name


def holds(type_: Type, name: str) -> bool:
    """True if values of the type may hold values of the declared type `name`."""
    return type_.name == name or any(holds(arg, name) for arg in type_.args)


def substitute(type_: Type, known: dict[str, Type]) -> Type:
    """The type with parameters replaced."""
    if type_.kind == "Parameter":
        return known[type_.name]
    return Type(type_.kind, tuple(substitute(arg, known) for arg in type_.args), type_.name)


def annotation(type_: Type) -> str:
    """The type as the language writes it. Open records, dictionaries and values of any kind are `Any`."""
    args = [annotation(arg) for arg in type_.args]
    match type_.kind:
        case "Array":
            return f"[{args[0]}]"
        case "Tuple":
            return f"({', '.join(args)})"
        case "Option" | "Map" | "Set":
            return f"{type_.kind}<{', '.join(args)}>"
        case "Result":
            return f"Result<{args[0]}, String>"
        case "Nilable":
            return f"{args[0]} | Nil"
        case "Function":
            return f"({', '.join(args[:-1])}) -> {args[-1]}"
        case "Named":
            return type_.name + (f"<{', '.join(args)}>" if args else "")
        case "Parameter":
            return type_.name
        case "Record" | "Dictionary":
            return "Any"
    return type_.kind


def random_type(rng: Random, declared: list[Declared], deep: int = 0) -> Type:
    """A type of values that can be printed: no functions."""
    if deep >= 2 or rng.random() < 0.35:
        return rng.choice(SCALARS)

    def inner() -> Type:
        return random_type(rng, declared, deep + 1)

    forms = ["Array", "Array", "Tuple", "Option", "Result", "Map", "Set", "Dictionary", "Record"]
    form = rng.choice(forms + ["Named"] * 4 if declared else forms)
    match form:
        case "Named":
            return applied(rng, rng.choice(declared), declared, deep)
        case "Array":
            return array(inner())
        case "Tuple":
            return tuple_of(*(inner() for _ in range(rng.randint(2, 3))))
        case "Option":
            return option(inner())
        case "Result":
            return result(inner())
        case "Map":
            return map_of(rng.choice(KEYS), inner())
        case "Set":
            return set_of(rng.choice(KEYS))
        case "Dictionary":
            return dictionary(inner())
    names = rng.sample(("a", "b", "k", "name", "size2"), rng.randint(1, 3))
    return record(**{name: inner() for name in names})


def applied(rng: Random, declared: Declared, others: list[Declared], deep: int) -> Type:
    """The declared type with arguments for its parameters."""
    return Type("Named", tuple(random_type(rng, others, max(deep, 1) + 1) for _ in declared.params), declared.name)


def random_declarations(rng: Random) -> list[Declared]:
    """Some declared types. Each holds only those before it and, if it is a sum, itself: so no value holds itself."""
    made: list[Declared] = []
    for number in range(rng.choice((0, 1, 1, 2, 3))):
        make = rng.choice((_record_type, _sum_type, _sum_type, _constants))
        made.append(make(rng, number, made))
    return made


def _record_type(rng: Random, number: int, others: list[Declared]) -> Declared:
    name, params = f"R{number}", _params(rng)
    fields = [(f"f{i}", _field_type(rng, others, params)) for i in range(rng.randint(1, 4))]
    return Declared(name, params, (Case(name, tuple(fields)),))


def _sum_type(rng: Random, number: int, others: list[Declared]) -> Declared:
    """A sum whose first case does not hold the type itself, so that values end."""
    name, params = f"S{number}", _params(rng)
    itself = Type("Named", tuple(Type("Parameter", (), param) for param in params), name)
    may_recur = rng.random() < 0.5
    cases = []
    for i in range(rng.randint(2, 4)):
        fields = []
        for f in range(rng.randint(0, 3)):
            recurs = may_recur and i > 0 and rng.random() < 0.5
            fields.append((f"f{f}", itself if recurs else _field_type(rng, others, params)))
        cases.append(Case(f"C{number}{'abcd'[i]}", tuple(fields)))
    return Declared(name, params, tuple(cases))


def _constants(rng: Random, number: int, others: list[Declared]) -> Declared:
    cases = [Case(f"K{number}{'abcd'[i]}", ()) for i in range(rng.randint(2, 4))]
    return Declared(f"E{number}", (), tuple(cases))


def _params(rng: Random) -> tuple[str, ...]:
    return rng.choice(((), (), ("T",), ("T", "U")))


def _field_type(rng: Random, others: list[Declared], params: tuple[str, ...]) -> Type:
    if params and rng.random() < 0.6:
        return Type("Parameter", (), rng.choice(params))
    return random_type(rng, others, 1)
