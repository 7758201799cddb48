"""What examples/calculator.tova prints: Python evaluates the formulas, the simplified forms are worked out by hand."""

from math import sqrt

CASES = [
    ("1 + 2 * 3", "7", 1 + 2 * 3),
    ("x = 2 ^ 3 ^ 2", "512", 2**3**2),
    ("x / 4 - 1", "((x / 4) - 1)", 512 / 4 - 1),
    ("-(2 + 3) * --4", "(-5 * 4)", -(2 + 3) * 4),
    ("1 * y + 0", None, "y has no value"),
    ("y = sqrt(16) + abs(0 - 2)", "(sqrt(16) + abs(-2))", sqrt(16) + abs(0 - 2)),
    ("1 * y + 0", "y", 6),
    ("2 * (x - y)", "(2 * (x - y))", 2 * (512 - 6)),
    ("(1 + 2", None, "a parenthesis is not closed"),
    ("3 $ 4", None, "what is $?"),
    ("1 / (y - y)", None, "division by zero"),
    ("sqrt(0 - y)", None, "square root of -6"),
    ("cube(2)", None, "no function cube"),
    ("2 +", None, "something is missing at the end"),
    ("1 2", None, "unexpected 2"),
    ("1.2.3 + 1", None, "1.2.3 is no number"),
    ("z * 0", "0", 0),
    ("0.1 + 0.2", repr(0.1 + 0.2), 0.1 + 0.2),
    ("10 / 4 / 5", "((10 / 4) / 5)", 10 / 4 / 5),
    ("2 ^ 0.5", repr(2**0.5), 2**0.5),
]
for text, form, value in CASES:
    if form is None:
        result = f"error: {value}"
    else:
        number = int(value) if float(value).is_integer() else value
        result = f"{form} = {number}"
    print(f"{text:26}  {result}")
