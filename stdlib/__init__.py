"""The standard library, written in the language itself, and the table of operations that only it may use.

Every function of `*.tova` is known by its name alone: programs see those that do not begin with two underscores, the
compiler calls the others for operators and methods (`toolchain/infer/resolve.py`, `toolchain/frontend/tova/names.py`).
Nothing is annotated. Inference makes a version of a function for the types of each call; a test such as `x is String`
is decided then, and the branch that is not taken need not even make sense for the type. So one `len` serves arrays and
texts, and an operation on known types leaves neither tests nor boxes behind.

Texts are UTF-8 and indices count characters; the functions that take byte indices say so. A text with as many bytes as
characters is ASCII, and most functions have a short way for it. Doc comments are tests: a line `/// f(1) == 2` holds.

    host             output, arguments, time, chance, assertions
    text, int_text, float_text             values as text: print, interpolation, shortest digits
    conversion, big                        texts to numbers, decimals, bases; exact arithmetic for them
    numbers, math, math_powers, math_angles
    characters, strings_core, strings_find, strings_parts, strings_case
    arrays, arrays_functional, arrays_numbers, arrays_sort
    ordering, functional                   compare and sorting by it; functions made of functions: curry, memoize
    records, tables, maps                  records, whatever they are made of; hash tables; Map, Set, dictionaries
    collections, deque                     Counter, DefaultDict, OrderedDict, LRUCache; Deque
    json, format, terminal                 JSON texts; templates (fmt); tables, boxes, colours, style tags
    javascript                             what JavaScript's names mean that programs use
    option_result                          Option and Result with their methods
    derived                                functions that `derive` gives a type

A type may have methods for the compiler and the library: `__get_NAME` is the property `x.NAME`, `__plain` gives what is
printed and written as JSON in its place, `__in` is the operator, `__iter_start`, `__iter_more`, `__iter_value`,
`__iter_next` are the steps of a `for`.
"""
