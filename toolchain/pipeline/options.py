"""Options of passes and plugins: the fields of a frozen dataclass, filled from TOML values or command-line text."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from typing import Any, Literal

from ..diagnostics import nearest


class OptionError(ValueError):
    """An option that does not exist or does not take this value. `hint` names what would do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def fields_of(options_type: type | None) -> dict[str, dataclasses.Field[Any]]:
    return {f.name: f for f in dataclasses.fields(options_type)} if options_type is not None else {}


def kinds_of(options_type: type) -> dict[str, Any]:
    """The resolved annotation of each field."""
    return typing.get_type_hints(options_type)


def make_options(owner: str, options_type: type | None, given: Mapping[str, Any]) -> Any:
    """An instance of `options_type` with the given values, None if `owner` has no options. Raises OptionError."""
    known = fields_of(options_type)
    for name in given:
        if name not in known:
            raise OptionError(f"'{owner}' has no option '{name}'", _hint(name, known))
    if options_type is None:
        return None
    kinds = kinds_of(options_type)
    return options_type(**{name: _checked(f"{owner}.{name}", value, kinds[name]) for name, value in given.items()})


def _hint(name: str, known: Mapping[str, Any]) -> str:
    close = nearest(name, known)
    if close:
        return f"did you mean '{close}'?"
    return f"its options are {', '.join(known)}" if known else "it has no options"


def describe(kind: Any) -> str:
    """The values of a kind, as words for the reference and for errors."""
    if typing.get_origin(kind) is Literal:
        return " | ".join(map(str, typing.get_args(kind)))
    return {int: "integer", float: "number", bool: "true or false", str: "text"}.get(kind, "list of texts")


def _checked(name: str, value: Any, kind: Any) -> Any:
    if isinstance(value, str) and kind is not str:
        value = _read(value, kind)
    if typing.get_origin(kind) is Literal:
        choices = typing.get_args(kind)
        if value in choices:
            return value
        close = nearest(str(value), map(str, choices))
        raise OptionError(
            f"{name} cannot be {value!r}; it is one of {describe(kind)}", close and f"did you mean '{close}'?"
        )
    if kind is float and type(value) is int:
        return float(value)
    if kind in (int, float, bool, str):
        if type(value) is kind:
            return value
    elif isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise OptionError(f"{name} cannot be {value!r}; it takes: {describe(kind)}")


_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _read(text: str, kind: Any) -> Any:
    """Text of the command line as a value of `kind`; the text itself if it is none, for the check to complain about."""
    if kind is bool:
        return _WORDS.get(text.lower(), text)
    if kind in (int, float):
        try:
            return kind(text.replace("_", ""))
        except ValueError:
            return text
    if typing.get_origin(kind) is tuple:
        return tuple(text.split(","))
    return text
