"""Numbers as text and back, rounding, powers and angles, against Python."""

from __future__ import annotations

import math
import random
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest

from .library_programs import float_text, literal, panic_of, run, xoshiro

EDGES = [
    0.0, -0.0, 1.0, -1.5, 0.1 + 0.2, 1 / 3, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1e21, 1e-6, 9.5e-7,
    999999999999999900000.0, 123456789012345680000.0, 2.0**53, 2.0**53 - 1, 2.0**63, 2.0**70, 2023347301156851.25,
    4503599627370497.5, 1e23, 9.999999999999999e22,
]  # fmt: skip


def _floats(count: int, seed: int) -> list[float]:
    chance = random.Random(seed)
    makers = [
        lambda: chance.uniform(-1e6, 1e6),
        lambda: round(chance.uniform(-1000, 1000), chance.randint(0, 9)),
        lambda: float(chance.randint(-(10**17), 10**17)),
        lambda: chance.random() * 10.0 ** chance.randint(-300, 300),
        lambda: math.ldexp(1.0, chance.randint(-1074, 1023)),
        lambda: math.nextafter(math.ldexp(1.0, chance.randint(-1020, 1023)), chance.choice([0.0, math.inf])),
    ]
    return [chance.choice(makers)() for _ in range(count)]


def _lines(values: list, expression: str, head: str = "") -> list[str]:
    """What a program prints for every `x` (at index i) of the values."""
    return run(f"{head}\nxs = {literal(values)}\nfor i, x in xs {{ print({expression}) }}").splitlines()


def test_floats_print_with_the_fewest_digits_that_read_back() -> None:
    values = [*EDGES, *_floats(600, 1)]
    assert _lines(values, "x") == [float_text(value) for value in values]


def test_many_random_floats_print_with_the_fewest_digits_and_read_back() -> None:
    """The program draws a significand of 53 bits and a power of two each, as the test does."""
    count = 40_000
    program = f"""
randomSeed(3)
low = -9223372036854775807 - 1
var wrong = 0
for i in range({count}) {{
  x = (randomInt(low, 9223372036854775807) >>> 11) * 2.0 ** ((randomInt(low, 9223372036854775807) >>> 11) % 2040 - 1070)
  print(x)
  if toFloat("{{x}}") != x {{ wrong += 1 }}
}}
print(wrong)
"""
    drawn = ((bits ^ 1 << 63) >> 11 for bits in xoshiro(3))  # counted from the least Int on
    values = [math.ldexp(next(drawn), next(drawn) % 2040 - 1070) for _ in range(count)]
    assert run(program).splitlines() == [*map(float_text, values), "0"]


def test_infinities_and_nan_have_names() -> None:
    assert run("print(1 / 0, -1 / 0, 0 / 0)") == "Infinity -Infinity NaN\n"


def test_texts_read_as_the_nearest_float() -> None:
    chance = random.Random(2)
    texts = [repr(value) for value in [*EDGES, *_floats(200, 3)]]
    for _ in range(300):
        digits = "".join(chance.choice("0123456789") for _ in range(chance.randint(1, 40)))
        at = chance.randint(0, len(digits))
        texts.append(f"{digits[:at]}.{digits[at:]}e{chance.randint(-345, 310)}")
    assert _lines(texts, "toFloat(x)") == [float_text(float(text)) for text in texts]


def test_halfway_between_two_floats_the_even_one_is_read() -> None:
    chance = random.Random(4)
    texts = []
    for _ in range(40):
        low = chance.random() * 2.0 ** chance.randint(-1060, 900)
        middle = (Fraction(low) + Fraction(math.nextafter(low, math.inf))) / 2
        places = middle.denominator.bit_length() - 1
        digits = middle.numerator * 5**places
        texts += [f"{digits}e-{places}", f"{digits}1e-{places + 1}", f"{digits - 1}e-{places}"]
    assert _lines(texts, "toFloat(x)") == [float_text(float(text)) for text in texts]


@pytest.mark.parametrize("text", ["", " ", "x", "1x", "--1", "1e", "1e+", ".", "1.2.3", "0x10", "1 2", "e5", "+"])
def test_what_is_no_number_reads_as_nil(text: str) -> None:
    assert run(f"print(toInt({literal(text)}), toFloat({literal(text)}))") == "nil nil\n"


def test_ints_read_and_print_over_their_whole_range() -> None:
    chance = random.Random(5)
    values = [chance.randint(-(2**63), 2**63 - 1) >> chance.randint(0, 63) for _ in range(300)]
    values += [0, 9, 10, 99, 100, 9999, 10000, 10**18, 10**18 - 1, 2**63 - 1, -(2**63), -1]
    assert _lines(values, "x") == [str(value) for value in values]
    assert _lines([str(value) for value in values], "toInt(x)") == [str(value) for value in values]
    assert run('print(toInt("9223372036854775808"), toInt("-9223372036854775809"), toInt("1e3"))') == "nil nil 1000\n"


def test_to_fixed_rounds_the_exact_value_and_halves_away_from_zero() -> None:
    chance = random.Random(6)
    values = [chance.uniform(-1000, 1000) for _ in range(150)]
    values += [chance.randint(-1000, 1000) / 8 for _ in range(100)] + [
        0.0,
        1.005,
        2.5,
        0.125,
        1e20,
        1e-10,
        4.35,
        2.0**60,
    ]
    places = [chance.randint(0, 12) for _ in values]
    expected = []
    with localcontext() as context:
        context.prec = 1200
        for value, count in zip(values, places, strict=True):
            rounded = Decimal(abs(value)).quantize(Decimal(1).scaleb(-count), rounding=ROUND_HALF_UP)
            expected.append(("-" if value < 0 and rounded != 0 else "") + format(rounded, "f"))
    assert _lines(values, "x.toFixed(ds[i])", f"ds = {literal(places)}") == expected


def test_the_function_to_fixed_gives_a_float_without_trailing_zeros() -> None:
    assert run("print(toFixed(2.50, 2), toFixed(1.0, 3), toFixed(-0.004, 2), toFixed(7, 2))") == "2.5 1 0 7\n"


@pytest.mark.parametrize("function", ["sin", "cos", "tan", "asin", "acos", "atan", "exp", "ln", "log2", "log10"])
def test_functions_are_within_two_units_in_the_last_place(function: str) -> None:
    chance = random.Random(function)
    if function in ("asin", "acos"):
        values = [chance.uniform(-1, 1) for _ in range(300)] + [1.0, -1.0, 0.5, 0.0]
    elif function in ("ln", "log2", "log10"):
        values = [math.exp(chance.uniform(-700, 700)) for _ in range(200)] + [
            chance.uniform(0.5, 2) for _ in range(100)
        ]
        values += [5e-324, 8.0, 1000.0, 1.0]
    elif function == "exp":
        values = [chance.uniform(-700, 700) for _ in range(200)] + [chance.uniform(-1, 1) for _ in range(100)]
        values += [-745.0, 0.0]
    else:
        values = [chance.uniform(-10, 10) for _ in range(200)] + [chance.uniform(-1e7, 1e7) for _ in range(100)]
        values += [1e22, 2.0**1000, *(quarter * math.pi / 2 for quarter in range(-8, 9))]
    oracle = getattr(math, {"ln": "log"}.get(function, function))
    for value, printed in zip(values, _lines(values, f"{function}(x)"), strict=True):
        expected = oracle(value)
        assert abs(float(printed) - expected) <= 2 * math.ulp(expected), (value, printed, expected)


def test_powers_are_within_two_units_in_the_last_place_and_exact_where_they_can_be() -> None:
    chance = random.Random(8)
    bases = [math.exp(chance.uniform(-10, 10)) for _ in range(200)] + [float(chance.randint(1, 40)) for _ in range(100)]
    powers = [chance.uniform(-40, 40) for _ in range(200)] + [float(chance.randint(-9, 9)) for _ in range(100)]
    printed = _lines(bases, "x ** ys[i]", f"ys = {literal(powers)}")
    for x, y, text in zip(bases, powers, printed, strict=True):
        expected = math.pow(x, y)
        assert abs(float(text) - expected) <= 2 * math.ulp(expected), (x, y, text)
        if x == int(x) and y >= 0 and expected < 2**53:
            assert float(text) == expected


def test_powers_of_special_values_are_those_of_javascript() -> None:
    program = (
        "print(0.0 ** -1, -0.0 ** -3, INF ** -1, (-INF) ** 3, (-8) ** (1 / 3), 1 ** INF, (0 / 0) ** 0, (-2.0) ** 3,"
        " 2.0 ** 1024, 2.0 ** -1074, 0 ** 0.5)"
    )
    assert run(program) == "Infinity -Infinity 0 -Infinity NaN NaN 1 -8 Infinity 5e-324 0\n"


def test_remainders_of_floats_are_exact() -> None:
    values = _floats(200, 9)
    divisors = [abs(value) or 1.0 for value in _floats(200, 10)]
    printed = _lines(values, "x % ds[i]", f"ds = {literal(divisors)}")
    assert printed == [float_text(math.fmod(x, y)) for x, y in zip(values, divisors, strict=True)]


def test_rounding_goes_the_right_way() -> None:
    program = "for x in [2.5, -2.5, 3.5, -0.4, 0.49999999999999994] { print(floor(x), ceil(x), round(x), trunc(x)) }"
    assert run(program) == "2 3 3 2\n-3 -2 -2 -2\n3 4 4 3\n-1 0 0 0\n0 1 0 0\n"


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("print(floor(1e19))", "10000000000000000000 does not fit into an Int"),
        ("print(round(0 / 0))", "NaN does not fit into an Int"),
        ("print(2 ** -1)", "an Int cannot be raised to a negative power; use a Float"),
        ("print(range(1.5))", "a number used as a bound or index must be whole"),
        ("for i in range(0, 9, 0) { print(i) }", "step must not be 0"),
        ("print([1, 2][::0])", "step must not be 0"),
        ('print("abc"[3])', "index out of range"),
        ('print("abc"[-4])', "index out of range"),
        ('print(repeat("a", -1))', "a text cannot be repeated a negative number of times"),
        ("print(reduce([], fn(a, b) a))", "reduce of an empty array without a start value"),
        ("assert(1 > 2)", "Assertion failed"),
        ('assert(1 > 2, "not so")', "not so"),
        ("assertEq([1, 2], [1, 3])", "Assertion failed: expected [1,3], got [1,2]"),
        ('assertNe("a", "a")', 'Assertion failed: expected anything but "a"'),
    ],
)
def test_panics_say_what_is_wrong(program: str, message: str) -> None:
    assert panic_of(program) == message
