"""Maps, sets and dictionaries against Python's, on random operations, and with keys chosen to collide."""

from __future__ import annotations

import random

import pytest

from .library_programs import literal, run

M64 = (1 << 64) - 1
#: Keys of every length around the eight bytes at which hashing and comparing change, some with bytes of zero.
TEXTS = [
    "",
    "\0",
    "\0\0",
    *("abcdefghijklmnopq"[:n] for n in range(1, 18)),
    "é",
    "ééé",
    "éééé",
    "aééé",
    "abcdefgH",
    "bbcdefgh",
]
KEYS: dict[str, list[object]] = {
    "texts": [*TEXTS, *(f"key {n}" for n in range(60))],
    "ints": [*range(-40, 40), (1 << 63) - 1, 1 << 40, -(1 << 40)],
    "mixed": ["a", "1", 1, 2, "abcdefgh", 4294967296, "", 0, *(f"{n}" for n in range(30)), *range(100, 130)],
}


def _steps(keys: list[object], seed: int) -> list[tuple[int, object, int]]:
    """(0 set, 1 delete, 2 look up), key, value; phases in which more is set than deleted, and the other way."""
    chance = random.Random(seed)
    steps = []
    for phase in range(8):
        deletes = 1 if phase % 2 == 0 else 12
        for _ in range(70):
            kind = chance.choices((0, 1, 2), (6, deletes, 2))[0]
            steps.append((kind, chance.choice(keys), chance.randint(0, 999)))
    return steps


def _model(steps: list[tuple[int, object, int]]) -> list[str]:
    known: dict[object, int] = {}
    printed = []
    for number, (kind, key, value) in enumerate(steps):
        if kind == 0:
            known[key] = value
        elif kind == 1:
            printed.append(str(known.pop(key, None) is not None).lower())
        else:
            printed.append(str(known.get(key, -1)))
        if number % 20 == 0:
            printed.append(f"{len(known)}:" + ",".join(f"{k}={v}" for k, v in known.items()))
    return printed


PROGRAM = """
kinds = KINDS
keys = [KEYS]
values = VALUES
m = Map.new()
for i, key in keys {
  if kinds[i] == 0 { m.set(key, values[i]) }
  elif kinds[i] == 1 { print(m.delete(key)) }
  else { print(m.get(key) ?? -1) }
  if i % 20 == 0 {
    print("{m.size}:" + [...m.entries()].map(fn(e) "{e[0]}={e[1]}").join(","))
  }
}
"""


@pytest.mark.parametrize("kind", KEYS)
def test_a_map_does_what_a_dictionary_of_python_does(kind: str) -> None:
    steps = _steps(KEYS[kind], 1)
    program = PROGRAM.replace("KINDS", literal([step[0] for step in steps]))
    program = program.replace("[KEYS]", literal([step[1] for step in steps]))
    program = program.replace("VALUES", literal([step[2] for step in steps]))
    assert run(program).splitlines() == _model(steps)


def _key_of(hash_: int) -> int:
    """The Int whose hash, before it is cut to 62 bits, is this number: `__mix` backwards."""
    x = _without_shift(hash_, 31) * pow(0x94D049BB133111EB, -1, 1 << 64) & M64
    x = _without_shift(x, 27) * pow(0xBF58476D1CE4E5B9, -1, 1 << 64) & M64
    x = _without_shift(x, 30)
    return x - (1 << 64) if x >> 63 else x


def _without_shift(x: int, shift: int) -> int:
    """The y with y ^ (y >>> shift) == x."""
    y = x
    for _ in range(64 // shift + 1):
        y = x ^ (y >> shift)
    return y


def test_keys_that_collide_are_found_and_stay_in_order() -> None:
    keys = [_key_of(n << 40) for n in range(200)]  # all of them want slot 0
    program = f"""
keys = {literal(keys)}
m = Map.new()
for i, key in keys {{ m.set(key, i) }}
var found = 0
for i, key in keys {{ if m.get(key) == i {{ found += 1 }} }}
for key in keys[:150] {{ m.delete(key) }}
print(found, m.size, m.has(keys[0]), m.get(keys[199]), [...m.values()].slice(0, 3).join(","))
"""
    assert run(program) == "200 50 false 199 150,151,152\n"


def test_a_loop_may_remove_what_it_comes_by() -> None:
    program = """
m = Map.new()
s = Set.new()
for i in 0..200 {
  m.set(i, i)
  s.add(i)
}
var seen = 0
for k, v in m {
  seen += v
  m.delete(k)
}
for x in s {
  seen += x
  s.delete(x)
}
print(seen, m.size, s.size)
m.set(7, 8)
s.add(9)
print([...m.keys()].join(","), [...s].join(","))
"""
    assert run(program) == "39800 0 0\n7 9\n"


def test_a_count_is_kept_by_get_and_set_of_the_same_key() -> None:
    chance = random.Random(3)
    words = [chance.choice(TEXTS[3:] + [f"word{n}" for n in range(40)]) for _ in range(400)]
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    program = f"""
words = {literal(words)}
m = Map.new()
for word in words {{ m.set(word, (m.get(word) ?? 0) + 1) }}
var d = {{...{{}}}}
for word in words {{ d[word] = (d[word] ?? 0) + 1 }}
for word, count in m {{ print(word, count, d[word]) }}
"""
    assert run(program, "O3").splitlines() == [f"{word} {count} {count}" for word, count in counts.items()]


def test_records_of_one_shape_in_a_json_text_change_on_their_own() -> None:
    program = """
people = jsonParse('[{"a":1,"b":2},{"a":3,"b":4},{"a":5},{"b":6,"a":7},{"a":8,"b":9,"a":10},{}]').unwrap()
print(jsonStringify(people))
people[0]["c"] = 11
people[1].b = 12
print(jsonStringify(people))
"""
    first = '[{"a":1,"b":2},{"a":3,"b":4},{"a":5},{"b":6,"a":7},{"a":10,"b":9},{}]'
    assert run(program).splitlines() == [
        first,
        first.replace('"b":2', '"b":2,"c":11').replace('"b":4', '"b":12'),
    ]


@pytest.mark.parametrize("text", ['[{"a":1},{"a":2,}]', '[{"a":1},{"a" 2}]', '[{"a":1},{"a":2', '[{"a":1},{"a'])
def test_an_object_like_the_one_before_is_checked_all_the_same(text: str) -> None:
    assert run(f"print(jsonParse({literal(text)}).isErr())") == "true\n"


def test_a_key_with_escapes_is_no_key_without_them() -> None:
    text = r'[{"a\\":1},{"a\\":2},{"a\"":3},{"a\u0062":4},{"ab":5}]'
    program = f"for x in jsonParse({literal(text)}).unwrap() {{ print(jsonStringify(x)) }}"
    expected = [r'{"a\\":1}', r'{"a\\":2}', r'{"a\"":3}', '{"ab":4}', '{"ab":5}']
    assert run(program).splitlines() == expected
