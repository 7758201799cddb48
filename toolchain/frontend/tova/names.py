"""Names that every program sees besides the library's functions: constants, and JavaScript's namespaces."""

from __future__ import annotations

import math
import sys

CONSTANTS: dict[str, float] = {"PI": math.pi, "E": math.e, "INF": math.inf}

#: Namespace -> member -> library function, or a constant.
_MATH: dict[str, str | float] = {
    "PI": math.pi,
    "E": math.e,
    "LN2": math.log(2.0),
    "LN10": math.log(10.0),
    "SQRT2": math.sqrt(2.0),
    **{
        name: name
        for name in (
            "abs", "floor", "ceil", "round", "trunc", "sign", "sqrt", "pow", "sin", "cos", "tan", "asin", "acos",
            "atan", "atan2", "exp", "log2", "log10", "hypot", "random",
        )
    },
    "log": "ln",
    "max": "__max2",
    "min": "__min2",
}  # fmt: skip

_MATH_AND_MORE = _MATH | {
    name: name
    for name in (
        "gcd", "lcm", "factorial", "divmod", "lerp", "clamp", "isNaN", "isFinite", "isClose", "toRadians", "toDegrees",
        "ln", "sum", "mean", "median", "mode", "stdev", "variance", "percentile", "randomInt", "randomFloat",
    )
}  # fmt: skip

_JSON_PRETTY: dict[str, str | float] = {"parse": "jsonParse", "stringify": "jsonStringify", "pretty": "jsonPretty"}

NAMESPACES: dict[str, dict[str, str | float]] = {
    "Math": _MATH,
    "math": _MATH_AND_MORE,
    "JSON": {"parse": "__json_value_of", "stringify": "__json_text_of"},
    "json": _JSON_PRETTY,
    "console": {"log": "print", "info": "print"},
    "Object": {
        "keys": "keys", "values": "values", "entries": "entries", "assign": "__object_assign", "freeze": "freeze",
        "fromEntries": "fromEntries",
    },
    "Array": {"from": "__array_from", "isArray": "__is_array", "of": "__array_of"},
    "Number": {
        "isInteger": "__is_whole", "isNaN": "isNaN", "isFinite": "isFinite", "parseInt": "parseInt",
        "parseFloat": "parseFloat", "MAX_SAFE_INTEGER": 2**53 - 1, "MIN_SAFE_INTEGER": 1 - 2**53,
        "EPSILON": 2.0**-52, "MAX_VALUE": sys.float_info.max, "MIN_VALUE": 5e-324,
        "POSITIVE_INFINITY": math.inf, "NEGATIVE_INFINITY": -math.inf, "NaN": math.nan,
    },
    "performance": {"now": "now"},
    "Date": {"now": "__date_now"},
    **{
        name: {"new": f"__new_{name.removesuffix('Array').lower().removeprefix('big')}"}
        for name in (
            "Float64Array", "Float32Array", "Int8Array", "Int16Array", "Int32Array", "BigInt64Array", "Uint8Array",
            "Uint16Array", "Uint32Array",
        )
    },
    "re": {
        "test": "regexTest", "match": "regexMatch", "findAll": "regexFindAll", "replace": "regexReplace",
        "split": "regexSplit", "capture": "regexCapture",
    },
    "RegExp": {"new": "__regex_literal"},
    "String": {"fromCharCode": "__from_code", "fromCodePoint": "__from_code"},
}  # fmt: skip

#: Namespaces that are functions too -> the library function.
CALLED_NAMESPACES = {"String": "to_string", "Number": "__number_of"}

#: Methods of arrays and strings whose library function has another name than the method.
METHOD_ALIASES: dict[tuple[str, str], str] = {
    ("Array", "some"): "any",
    ("Array", "every"): "all",
    ("Array", "reverse"): "__reverse_in_place",
    ("Array", "sort"): "__sort_in_place",
    ("Array", "slice"): "__slice_method",
    ("Array", "indexOf"): "__index_of_or_minus_one",
    ("Array", "lastIndexOf"): "__last_index_or_minus_one",
    ("Array", "findIndex"): "__find_index_or_minus_one",
    ("Array", "flat"): "__flat",
    ("Array", "keys"): "__indices",
    ("Array", "values"): "__copy",
    ("Array", "entries"): "enumerate",
    ("Array", "toSorted"): "sorted",
    ("Array", "toReversed"): "reversed",
    ("String", "toUpperCase"): "upper",
    ("String", "toLowerCase"): "lower",
    ("String", "replace"): "replaceFirst",
    ("String", "replaceAll"): "replace",
    ("String", "includes"): "contains",
    ("String", "substring"): "__substring",
    ("String", "slice"): "__slice_method",
    ("String", "indexOf"): "__index_of_or_minus_one",
    ("String", "lastIndexOf"): "__last_index_or_minus_one",
    ("String", "trimLeft"): "trimStart",
    ("String", "trimRight"): "trimEnd",
    ("String", "charCodeAt"): "__char_code_at",
    ("String", "codePointAt"): "__char_code_at",
    ("Int", "toFixed"): "__to_fixed_text",
    ("Float", "toFixed"): "__to_fixed_text",
    **{
        (kind, name): function
        for kind in ("Int", "Float")
        for name, function in (("toFixed", "__to_fixed_text"), ("toString", "__to_string_radix"))
    },
    **{(kind, "toString"): "to_string" for kind in ("Array", "String", "Bool")},
}


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Library functions that are also methods of their first parameter's type.
METHODS: dict[str, frozenset[str]] = {
    "Array": _names(
        "push pop shift unshift splice at map filter reduce forEach find some every join includes contains indexOf "
        "lastIndexOf slice concat flat flatMap findIndex reverse sort fill any all count sum product min max first last "
        "take drop reversed sorted unique chunk partition toString keys values entries enumerate zip groupBy sumBy minBy "
        "maxBy isEmpty flatten toSorted toReversed"
    ),
    "String": _names(
        "split trim trimStart trimEnd trimLeft trimRight toUpperCase toLowerCase upper lower startsWith endsWith padStart "
        "padEnd center replace replaceAll replaceFirst charCodeAt codePointAt substring substr repeat contains includes "
        "indexOf lastIndexOf countOf slice at chars words lines charAt concat capitalize reverseStr toString isEmpty"
    ),
    "Bool": frozenset({"toString"}),
    "Int": frozenset({"toFixed", "toString"}),
    "Float": frozenset({"toFixed", "toString"}),
}


#: Names of the language's library that have no implementation yet. Using one says so, instead of "not defined".
NOT_YET = _names(
    "debounce regexBuilder Uint8ClampedArray parallel race timeout retry parallelMap Channel dateParse dateFormat dateAdd "
    "tryAsync uuid Promise"
)


#: Methods of arrays that tuples have too: those that change nothing.
TUPLE_METHODS = _names(
    "join map filter reduce forEach find findIndex some every includes indexOf slice concat at sum min max sorted reversed"
)

#: Methods that also take more arguments than the library function behind them -> the function that takes those.
MORE_ARGUMENTS = {
    "push": "__push_more",
    "unshift": "__unshift_more",
    "splice": "__splice_more",
    "concat": "__concat_more",
}

#: Names of styles in printed text, as in `{red}`; `{/}` ends the last one.
STYLES = _names("red green yellow blue magenta cyan white gray black bold dim italic underline strikethrough")


#: Functions of a text that make an array, also methods of it -> the function that gives their elements one by one.
ONE_BY_ONE = {"words": "__words_of", "lines": "__lines_of", "split": "__parts_of"}


def method_function(kind: str, name: str) -> str | None:
    """The library function behind method `name` of a value of this kind; None if there is no such method."""
    if name not in METHODS.get(kind, ()):
        name = camel_case(name)
        if name not in METHODS.get(kind, ()):
            return None
    return METHOD_ALIASES.get((kind, name), name)


def camel_case(name: str) -> str:
    """The present spelling of a library name in the older one: `starts_with` is `startsWith`."""
    first, *others = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)
