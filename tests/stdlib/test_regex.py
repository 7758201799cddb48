"""Regular expressions against what JavaScript does, their time on hostile patterns, their errors and their forms.

`regex_cases.jsonl` holds a case a line: pattern, flags, text, and what JavaScript (node 18) gives: the matches as index,
text and groups, the text with every match replaced by `<$1|$&>`, and the parts of `split`.
"""

from __future__ import annotations

import json
from pathlib import Path

from .library_programs import literal, panic_of, run

CASES = [json.loads(line) for line in (Path(__file__).parent / "regex_cases.jsonl").read_text("utf-8").splitlines()]

PROGRAM = """
fn shown(m) {
  [to_string(m.index), jsonStringify(m.match), ...m.groups.map(fn(g) if g == nil { "null" } else { jsonStringify(g) })]
}
for c in CASES {
  print("[" + regexFindAll(c[2], c[0], c[1]).map(fn(m) "[" + shown(m).join(",") + "]").join(",") + "]")
  print(jsonStringify(regexReplace(c[2], c[0], "<$1|$&>", c[1])))
  print(jsonStringify(regexSplit(c[2], c[0], c[1])))
}
"""


def test_matches_replacements_and_parts_are_those_of_javascript() -> None:
    assert len(CASES) > 200
    printed = run(PROGRAM.replace("CASES", literal([case[:3] for case in CASES]))).splitlines()
    got = [[json.loads(line) for line in printed[start : start + 3]] for start in range(0, len(printed), 3)]
    wrong = [(case, found) for case, found in zip(CASES, got, strict=True) if case[3:] != found]
    assert wrong == []


def test_a_test_without_groups_agrees_with_the_matches() -> None:
    head = f"for c in {literal([case[:3] for case in CASES])} "
    printed = run(head + "{ print(regexTest(c[2], c[0], c[1])) }").splitlines()
    assert printed == [str(bool(case[3])).lower() for case in CASES]


def test_hostile_patterns_take_linear_time() -> None:
    """Backtracking would take longer than the age of the universe."""
    cases = [("((a*)*)*b", 100_000), ("(a|aa)+$b", 100_000), ("(a+)+b", 100_000), ("(.*)(.*)(.*)b", 100_000)]
    tests = [
        f'regexTest(repeat("a", {size}), {literal(pattern)})' for pattern, size in [*cases, ("(?:a?){1000}b", 3000)]
    ]
    assert run(f"print([{', '.join(tests)}].join())") == "false" * 5 + "\n"


ERRORS = [
    ("(a", "missing ')'"),
    ("a)", "unmatched ')'"),
    ("*a", "nothing to repeat"),
    ("a**", "nothing to repeat"),
    ("^+", "nothing to repeat"),
    ("[a", "unexpected end"),
    ("[b-a]", "range out of order"),
    ("[\\d-x]", None),
    ("a{2,1}", "numbers out of order in {}"),
    ("a{1001}", "more than 1000 repetitions"),
    ("(?:a{1000}){1000}", "more than 20000 instructions"),
    ("(?:" * 31 + "a*" + ")*" * 31, "more than 30 repetitions of what may be empty in each other"),
    ("(" * 260 + ")" * 260, "more than 250 groups in each other"),
    ("(a)\\1", "back references are not supported: they cannot be matched in linear time"),
    ("(?=a)", "look-ahead and look-behind are not supported: they cannot be matched in linear time"),
    ("(?<!a)", "look-ahead and look-behind are not supported: they cannot be matched in linear time"),
    ("(?<n>a)(?<n>b)", "two groups are called 'n'"),
    ("(?<>a)", "a group needs a name"),
    ("(?#a)", "unknown kind of group"),
    ("\\p{L}", "\\p is not supported"),
    ("\\q", "unknown escape '\\q'"),
    ("\\u12", "hexadecimal digits are missing"),
    ("a\\", "unexpected end"),
]


def test_what_is_no_pattern_panics_with_the_reason() -> None:
    head = f"for p in {literal([pattern for pattern, _ in ERRORS])} "
    printed = run(head + '{ try { regexTest("x", p); print("fine") } catch e { print(e.message) } }').splitlines()
    wanted = [f"invalid regular expression /{p}/: {reason}" if reason else "fine" for p, reason in ERRORS]
    assert printed == wanted


def test_unknown_flags_panic() -> None:
    assert panic_of('regexTest("x", "x", "y")') == "invalid regular expression /x/: unknown flag 'y'"


FORMS = [
    (r'"a1b22".replace(/\d+/g, "#")', "a#b#"),
    (r'"a1b22".replace(/\d+/, "#")', "a#b22"),
    (r'replace("xyx", /x/, "[$&]")', "[x]y[x]"),
    (r'"a, b;c".split(/[,;]\s*/).join("|")', "a|b|c"),
    (r'/^h.*O$/i.test("Hello")', "true"),
    (r'"{/a+/gi}"', "/a+/gi"),
    (r'RegExp.new("a+", "g").source', "a+"),
    (r're.test("abc", "b")', "true"),
    (r're.find_all("aXbX", /x/i).length', "2"),
    (r're.capture("on 2024-05", /(?<y>\d+)-(?<m>\d\d)/).unwrap()["m"]', "05"),
    (r'regexCapture("a", "a").unwrapErr()', "No named groups"),
    (r'regexMatch("a", "b").unwrapErr()', "No match"),
    (r'regexMatch("é😀x", "x").unwrap().index', "2"),
    (r'regexReplace("2024-05", r"(?<y>\d+)-(\d+)", "$2/$<y> $$ $3 $10")', "05/2024 $ $3 20240"),
    (r'regexTest("É", "é", "i")', "true"),
    (r'regexTest("A", r"\u{41}\x41?")', "true"),
]


def test_literals_namespaces_and_records() -> None:
    printed = run("\n".join(f"print({expression})" for expression, _ in FORMS)).splitlines()
    assert printed == [expected for _, expected in FORMS]


def test_more_patterns_than_are_kept() -> None:
    program = (
        'var n = 0\nfor round in range(3) { for i in range(20) { if regexTest("{i}", "^{i}$") { n += 1 } } }\nprint(n)'
    )
    assert run(program) == "60\n"
