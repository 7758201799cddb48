"""Random numbers: the sequence of xoshiro256** seeded by splitmix64, and what is made of it."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from .library_programs import float_text, panic_of, run, xoshiro


def test_a_seed_gives_the_published_sequence() -> None:
    for seed in (0, 42, -1):
        printed = run(f"randomSeed({seed})\nfor i in range(20) {{ print(random()) }}").splitlines()
        assert printed == [float_text((bits >> 11) * 2.0**-53) for bits in islice(xoshiro(seed), 20)]


def test_without_a_seed_runs_differ() -> None:
    program = "print(randomInt(0, 9223372036854775807))"
    assert run(program) != run(program)


def test_random_numbers_keep_their_bounds_and_are_spread_evenly() -> None:
    program = """
randomSeed(1)
for i in range(6000) { print(randomInt(-2, 3)) }
var inside = true
for i in range(1000) {
  x = randomFloat(2, 3)
  if x < 2 or x >= 3 { inside = false }
}
least = -9223372036854775807 - 1
print(inside, randomInt(least, 9223372036854775807) != randomInt(least, 9223372036854775807), randomInt(5, 5))
"""
    *numbers, last = run(program).splitlines()
    counts = Counter(map(int, numbers))
    assert sorted(counts) == [-2, -1, 0, 1, 2, 3]
    assert all(880 < count < 1120 for count in counts.values())
    assert last == "true true 5"


def test_samples_are_different_elements_and_every_order_is_as_likely() -> None:
    program = """
randomSeed(2)
xs = [1, 2, 3]
for i in range(3000) { print(shuffle(xs).join("")) }
print(xs.join(""), sorted(sample(range(10), 20)).join(""), len(sample(xs, 0)), choice(["a"]), choice([].concat([])) == nil)
"""
    *orders, last = run(program).splitlines()
    counts = Counter(orders)
    assert sorted(counts) == ["123", "132", "213", "231", "312", "321"]
    assert all(400 < count < 600 for count in counts.values())
    assert last == "123 0123456789 0 a true"


def test_a_range_without_numbers_panics() -> None:
    assert panic_of("randomInt(2, 1)") == "randomInt of a range without numbers"
