"""The operations that only the standard library may use: one row each, called as `__intrinsic_NAME(...)`.

Parameter and result kinds: `Int Float Bool String Nil`; `Array` any array and `Element` the element type of the first
array among the arguments (storing an `Element` makes the array's element type grow); `Typed<...>` an array whose elements
have this storage; `T` any type. `op` is the typed op that does it, or `import:NAME` a host function with the effects named
after it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Intrinsic:
    """One row; the result of `Never` ends the program."""

    doc: str
    params: tuple[str, ...]
    result: str
    op: str


def _float(name: str, doc: str) -> tuple[str, Intrinsic]:
    return f"float_{name}", Intrinsic(doc, ("Float",), "Float", f"f64.{name}")


def _typed_new(element: str) -> tuple[str, Intrinsic]:
    """Storing wraps integers and rounds floats; elements are Int and Float where they are read (`ir.types.STORAGE`)."""
    doc = f"An empty typed array with room for so many elements that lie in memory as {element}."
    return f"typed_new_{element}", Intrinsic(doc, ("Int",), f"Typed<{element}>", "data.array_new")


def _int2(name: str, op: str, doc: str) -> tuple[str, Intrinsic]:
    return f"int_{name}", Intrinsic(doc, ("Int", "Int"), "Int", f"i64.{op}")


INTRINSICS: dict[str, Intrinsic] = dict(
    [
        # strings: indices count bytes, nothing is checked
        ("string_len", Intrinsic("Number of characters.", ("String",), "Int", "data.string_len")),
        ("string_bytes", Intrinsic("Number of bytes.", ("String",), "Int", "data.string_bytes")),
        ("string_byte", Intrinsic("The byte at an index.", ("String", "Int"), "Int", "data.string_byte")),
        ("string_words", Intrinsic("Eight bytes from an index on, little-endian.", ("String", "Int"), "Int",
                                   "data.string_words")),
        ("string_equal_bytes", Intrinsic("Which of the 16 bytes from an index on equal one, as bits.",
                                         ("String", "Int", "Int"), "Int", "data.string_equal_bytes")),
        ("string_upto_bytes", Intrinsic("Which of the 16 bytes from an index on are, with a sign, at most one, as bits.",
                                        ("String", "Int", "Int"), "Int", "data.string_upto_bytes")),
        ("string_ascii", Intrinsic("The string of one character whose code is below 128; nothing is allocated.", ("Int",),
                                   "String", "data.string_ascii")),
        ("string_view", Intrinsic("The part from a byte on, of so many bytes and characters; shares memory.",
                                  ("String", "Int", "Int", "Int"), "String", "data.string_view")),
        ("string_new", Intrinsic("A new string of so many bytes and characters, to be filled at once.",
                                 ("Int", "Int"), "String", "data.string_new")),
        ("string_extend", Intrinsic("A longer string: the text, then so many bytes and characters to be filled.",
                                    ("String", "Int", "Int"), "String", "data.string_extend")),
        ("string_own", Intrinsic("The same text, a copy if it is a small part of a large one.", ("String",), "String",
                                 "data.string_own")),
        ("string_grow", Intrinsic("A longer text that starts with one, which nobody else has and which is given up.",
                                  ("String", "Int"), "String", "data.string_grow")),
        ("string_set_byte", Intrinsic("Fill in a byte of a new string.", ("String", "Int", "Int"), "Nil",
                                      "data.string_set_byte")),
        ("string_set_words", Intrinsic("Fill in eight bytes of a new string, little-endian.", ("String", "Int", "Int"),
                                       "Nil", "data.string_set_words")),
        ("string_copy", Intrinsic("Fill in: target, its index, source, its index, number of bytes.",
                                  ("String", "Int", "String", "Int", "Int"), "Nil", "data.string_copy")),
        # arrays: nothing is checked
        ("array_new", Intrinsic("An empty array with room for so many elements of a type yet to be seen.", ("Int",),
                                "Array", "data.array_new")),
        ("array_like", Intrinsic("An empty array with the element type of the first and room for so many.",
                                 ("Array", "Int"), "Array", "array_like")),
        ("array_len", Intrinsic("Number of elements.", ("Array",), "Int", "data.array_len")),
        ("array_cap", Intrinsic("Number of elements there is room for.", ("Array",), "Int", "data.array_cap")),
        ("array_at", Intrinsic("The element at an index below the length.", ("Array", "Int"), "Element",
                               "data.array_at")),
        ("array_put", Intrinsic("Store an element at an index below the capacity.", ("Array", "Int", "Element"), "Nil",
                                "data.array_put")),
        ("array_set_len", Intrinsic("Set the length, at most the capacity.", ("Array", "Int"), "Nil",
                                    "data.array_set_len")),
        ("array_reserve", Intrinsic("Make room for so many elements in all.", ("Array", "Int"), "Nil",
                                    "data.array_reserve")),
        ("array_copy", Intrinsic("Copy elements: target, its index, source (of the same element type), its index, count.",
                                 ("Array", "Int", "Array", "Int", "Int"), "Nil", "data.array_copy")),
        ("array_fill", Intrinsic("Store an element so many times: array, index, count, element.",
                                 ("Array", "Int", "Int", "Element"), "Nil", "data.array_fill")),
        *map(_typed_new, ("u8", "s8", "u16", "s16", "u32", "s32", "f32", "i64", "f64")),
        # numbers
        _float("floor", "The largest whole number not above."),
        _float("ceil", "The smallest whole number not below."),
        _float("trunc", "Rounded toward zero."),
        _float("nearest", "Rounded to whole, ties to even."),
        _float("sqrt", "Square root."),
        _float("abs", "Without its sign."),
        ("float_copysign", Intrinsic("The first with the sign of the second.", ("Float", "Float"), "Float",
                                     "f64.copysign")),
        ("float_bits", Intrinsic("The 64 bits of a double.", ("Float",), "Int", "i64.reinterpret_f64")),
        ("float_of_bits", Intrinsic("The double with these bits.", ("Int",), "Float", "f64.reinterpret_i64")),
        ("float_of_int", Intrinsic("The nearest double.", ("Int",), "Float", "f64.convert_i64_s")),
        ("float_of_unsigned", Intrinsic("The nearest double of an unsigned number.", ("Int",), "Float",
                                        "f64.convert_i64_u")),
        ("int_of_float", Intrinsic("Rounded toward zero; NaN gives 0, out of range the nearest Int.", ("Float",), "Int",
                                   "i64.trunc_sat_f64_s")),
        _int2("div", "div_s", "Quotient rounded toward zero; traps on zero."),
        _int2("div_u", "div_u", "Unsigned quotient."),
        _int2("rem_u", "rem_u", "Unsigned remainder."),
        ("int_lt_u", Intrinsic("Unsigned comparison.", ("Int", "Int"), "Bool", "i64.lt_u")),
        ("int_clz", Intrinsic("Number of leading zero bits.", ("Int",), "Int", "i64.clz")),
        ("int_ctz", Intrinsic("Number of trailing zero bits.", ("Int",), "Int", "i64.ctz")),
        ("int_popcnt", Intrinsic("Number of one bits.", ("Int",), "Int", "i64.popcnt")),
        _int2("rotl", "rotl", "Rotated left."),
        # calls, identity, the end
        ("call_indexed", Intrinsic("Call a callback with an element and, if it wants one, its index.",
                                   ("T", "T", "Int"), "T", "call_indexed")),
        ("takes", Intrinsic("Whether a function requires so many arguments (a literal).", ("T", "T"), "T", "takes")),
        # records, tuples and declared types: the fields of a value, whatever they are (rules_records)
        ("each_field", Intrinsic("Call a function with name and value of every field.", ("T", "T"), "T", "each_field")),
        ("all_fields", Intrinsic("Whether a function holds for the fields of two values of one type.", ("T", "T", "T"), "T",
                                 "all_fields")),
        ("map_fields", Intrinsic("A value of the same type with the results of a function as fields.", ("T", "T"), "T",
                                 "map_fields")),
        ("case_name", Intrinsic("The name of the case that a value of a declared type is.", ("T",), "T", "case_name")),
        ("is_dictionary", Intrinsic("Whether a record is a dictionary.", ("T",), "T", "is_dictionary")),
        ("has_fields", Intrinsic("Whether each_field can go over values of the type.", ("T",), "T", "has_fields")),
        ("is_sum", Intrinsic("Whether a value is of a declared type with cases.", ("T",), "T", "is_sum")),
        ("is_declared", Intrinsic("Whether a value is of a type that the program declares.", ("T",), "T", "is_declared")),
        ("has_method", Intrinsic("Whether a value is of a declared type with a method of this name (a literal).", ("T", "T"),
                                 "T", "has_method")),
        ("same_kind", Intrinsic("Whether all_fields can go over two values.", ("T", "T"), "T", "same_kind")),
        ("address", Intrinsic("A number that tells an object from all others.", ("T",), "T", "address")),
        ("derives_eq", Intrinsic("Whether the type derives Eq.", ("T",), "T", "derives_eq")),
        ("same", Intrinsic("Whether both are the same object.", ("T", "T"), "Bool", "data.same")),
        ("panic", Intrinsic("End the program with a message.", ("String",), "Never", "data.panic")),
        # the host
        ("string_scratch", Intrinsic("A text of 24 bytes, always the same, to be filled and written at once.", (), "String",
                                     "data.string_scratch")),
        ("write_part", Intrinsic("Write the bytes from an index on, so many.", ("String", "Int", "Int"), "Nil",
                                 "data.write_part")),
        ("write", Intrinsic("Write to standard output.", ("String",), "Nil", "data.write")),
        ("now", Intrinsic("Milliseconds since some moment.", (), "Float", "import:now")),
        ("random", Intrinsic("A random number in [0, 1).", (), "Float", "import:random")),
        ("exit", Intrinsic("End the program with an exit status.", ("Int",), "Never", "import:exit")),
        ("arg_count", Intrinsic("Number of arguments of the program.", (), "Int", "import:arg_count")),
        ("arg_size", Intrinsic("Number of bytes of an argument.", ("Int",), "Int", "import:arg_size")),
        ("arg_read", Intrinsic("Fill in a new string with the bytes of an argument.", ("Int", "String"), "Nil",
                               "import:arg_read")),
        # the world: requests give the number of bytes to take, or -1 less the number of bytes of a message to take
        ("env_find", Intrinsic("The environment variable of a name and its number of bytes; -1 if it is not set.",
                               ("String", "Int"), "Int", "import:env_find")),
        ("file_open", Intrinsic("The file at a path and its number of bytes.", ("String", "Int"), "Int",
                                "import:file_open")),
        ("file_save", Intrinsic("Write: path, its number of bytes, text, its number of bytes; 0.",
                                ("String", "Int", "String", "Int"), "Int", "import:file_save")),
        ("input_some", Intrinsic("Some bytes of standard input, at most so many; 0 at its end.", ("Int",), "Int",
                                 "import:input_some")),
        ("input_all", Intrinsic("The rest of standard input.", (), "Int", "import:input_all")),
        ("take", Intrinsic("Fill in a new string with what was requested; the number of bytes.", ("String",), "Int",
                           "import:take")),
        ("sleep", Intrinsic("Wait so many milliseconds.", ("Float",), "Nil", "import:sleep")),
    ]
)  # fmt: skip
