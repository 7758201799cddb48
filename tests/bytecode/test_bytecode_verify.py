"""The verifier: every rule has an image that breaks it and nothing else, and programs break none."""

from __future__ import annotations

import random
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import images
import mutations
import pytest
from wasmlathe.artifact import SourceMap
from wasmlathe.bytecode import verify as verifier
from wasmlathe.bytecode.base import REGION, Facts, import_identity
from wasmlathe.bytecode.image import Image, ImageDamaged
from wasmlathe.bytecode.instructions import table
from wasmlathe.bytecode.listing import listing
from wasmlathe.bytecode.problems import MOST, MOST_IN_FUNCTION, RULES
from wasmlathe.bytecode.verify import Surroundings, verify
from wasmlathe.bytecode.verify_code import shapes
from wasmlathe.wasm_runtime.host import IMPORTS

ROOT = Path(__file__).resolve().parents[2]
BASE = bytes(range(16))
START = 4096
#: Slot 0: (i64) -> f64, 1: (i32, i32) -> (); 2 and 3: their adapters. Numbers 0 to 2 are panics of the base.
AROUND = Surroundings(
    BASE, {0: ("l", "d"), 1: ("ii", "")}, {2: ("l", "d"), 3: ("ii", "")}, 3, (START, 1 << 20), ((64, 32),)
)


def word(name: str, *fields: int) -> bytes:
    """An instruction, two words if it has more than three fields."""
    numbers = [field & 0xFFFF for field in fields]
    numbers += [0] * ((3 if len(numbers) <= 3 else 7) - len(numbers))
    return struct.pack(f"<{len(numbers) + 1}H", table()[name].code, *numbers)


def wide(name: str, field: int, number: int) -> bytes:
    """An instruction whose fields b and c are one number."""
    return struct.pack("<HHI", table()[name].code, field, number & 0xFFFF_FFFF)


R0, R1 = 8, 16
#: The frame of @main, and the first two registers of the next one.
FRAME = 24
A0, A1 = FRAME + 8, FRAME + 16

#: @main () -> i64; what it does is 8 words.
MAIN = [
    wide("const", R0, 5),
    wide("jump", 0, 1),
    word("ret.value", R0),
    word("jump.i64.lt_s.imm", -2, R0, 3),
    word("move", A0, R0),
    wide("call", FRAME, START + 8 * 8),
    word("i64.add", R1, A0, R0),
    wide("jump", 0, -6),
]
#: @f (i64) -> i64, at 64.
F = [word("ret.value", R0)]


def image(main: list[bytes] | None = None, f: list[bytes] | None = None, **facts: Any) -> Image:
    main, f = main if main is not None else MAIN, f if f is not None else F
    split = len(b"".join(main))
    given: dict[str, Any] = {
        "name": "demo",
        "base": BASE,
        "start": START,
        "code": b"".join((*main, *f)),
        "functions": [("main", 0, FRAME, "", "l"), ("f", split, 16, "l", "l")],
        "entry": 0,
        "entry_result": "Int",
        "pieces": [(64, b"root"), (START + 256, b"text")],
        "memory_end": START + 512,
        "sites": [("no", "p.tova", 1, 2)],
        "places": {0: ("p.tova", 1, 2), 16: None},
    }
    return Image(**given | facts)


def told(image: Image, around: Surroundings = AROUND) -> list[str]:
    return [str(problem) for problem in verify(image, around)]


def test_an_image_without_faults() -> None:
    assert told(image()) == []


# One fault each

Case = tuple[str, Image, str]


def fact(told: str, **facts: Any) -> Case:
    """An image that says something wrong of itself."""
    return told.split(": ")[1], image(**facts), told


def second(offset: int = 64, frame: int = 16, params: str = "l", results: str = "l") -> dict[str, Any]:
    """The facts with another row for @f."""
    return {"functions": [("main", 0, FRAME, "", "l"), ("f", offset, frame, params, results)]}


def code(at: int, told: str, *words: bytes) -> Case:
    """Another instruction in @main, which is told there; more words behind it."""
    changed = [*MAIN[:at], *words]
    changed += MAIN[len(b"".join(changed)) // 8 :]
    rule = told.split(": ")[0]
    return rule, image(changed), f"@main+{8 * at}: {told}"


ENDS = "its code ends at 4168, the region for programs at 1052672"
OUTSIDE = "outside of what the program may fill"

IMAGES: list[Case] = [
    fact("image: base: it was made for another base module", base=bytes(16)),
    fact(
        "image: layout: its code begins at 4088, before the region for programs, which begins at 4096",
        start=START - 8,
    ),
    fact("image: layout: its code does not consist of whole words", start=START + 4),
    fact(f"image: layout: 4604 cannot be the end of its memory: {ENDS}", memory_end=START + 508),
    fact(f"image: layout: 4160 cannot be the end of its memory: {ENDS}", memory_end=START + 64, pieces=[]),
    fact(f"image: layout: 1052680 cannot be the end of its memory: {ENDS}", memory_end=START + (1 << 20) + 8),
    fact(f"image: pieces: the data at 92 to 97 is {OUTSIDE}", pieces=[(92, b"12345")]),
    fact(f"image: pieces: the data at 0 to 1 is {OUTSIDE}", pieces=[(0, b"1")]),
    fact(f"image: pieces: the data at 4604 to 4609 is {OUTSIDE}", pieces=[(START + 508, b"12345")]),
    fact(f"image: pieces: the data at 4294967288 to 4294967289 is {OUTSIDE}", pieces=[(0xFFFF_FFF8, b"1")]),
    fact("image: pieces: what begins at 4096 overlaps what begins at 4167", pieces=[(START + 71, b"12")]),
    fact("image: pieces: what begins at 64 overlaps what begins at 65", pieces=[(65, b"1"), (64, b"12")]),
    fact("@f: functions: it begins at 60: not a word of the code, or not in order", **second(60)),
    fact("@f: functions: it begins at 0: not a word of the code, or not in order", **second(0)),
    fact("@f: functions: it begins at 72: not a word of the code, or not in order", **second(72)),
    fact("@f: functions: 8 bytes are no frame for its parameters and results", **second(frame=8)),
    fact("@f: functions: 20 bytes are no frame for its parameters and results", **second(frame=20)),
    fact("@f: functions: 65536 bytes are no frame for its parameters and results", **second(frame=0x10000)),
    fact("@f: functions: 'x' and 'l' are no types of parameters and results", **second(params="x")),
    fact(
        "@main: functions: it has more than 32767 words",
        main=[wide("const", R0, 1)] * 0x7FFF + MAIN,
        memory_end=1 << 19,
        pieces=[],
    ),
    fact("image: entry: no function begins at 8, where it is to start", entry=8),
    fact("@f: entry: it takes 'l' and gives 'l', but a start takes '' and gives 'l'", entry=64),
    fact("@main: entry: it takes '' and gives 'l', but a start takes '' and gives ''", entry_result=None),
    fact("image: entry: 'l' is no result of a start function", entry_result="l"),
    fact("image: entry: it has the result of a start function, and no start function", entry=None),
    fact(
        "image: places: its source map is out of order, or names files that it does not have",
        places=SourceMap(["p"], struct.pack("8I", 8, 8, 0, 0, 1, 1, 1, 1)),
    ),
    fact(
        "image: places: its source map is out of order, or names files that it does not have",
        places=SourceMap(["p"], struct.pack("4I", 8, 1, 1, 1)),
    ),
    code(6, "opcode: 65535 is no instruction", b"\xff\xff" + bytes(6)),
    code(6, "opcode: enter is written by hosts, and never part of an image", word("enter", 0, 0, 2)),
    code(7, "truncated: const.wide goes beyond the end of the function", word("const.wide", R1)),
    code(7, "truncated: switch goes beyond the end of the function", word("switch", 0, R0, 0xFFFF)),
    code(7, "truncated: select goes beyond the end of the function", word("select", R1, R0, R0, R0)[:8]),
    code(2, "reserved: ret.value has 1 in a field without a meaning", word("ret.value", R0, 1)),
    code(1, "reserved: jump has 8 in a field without a meaning", wide("jump", 8, 1)),
    code(6, "reserved: move has 8 in a field without a meaning", word("move", R1, R0, 8)),
    code(4, "reserved: select has 7 in a field without a meaning", word("select", A0, R0, R0, R0, 0, 0, 7)),
    code(
        4, "reserved: switch has a jump that belongs to no number", word("switch", 0, R0, 0), struct.pack("<ii", 1, 1)
    ),
    code(6, "register: i64.add names 0, which is no register", word("i64.add", 0, R0, R0)),
    code(6, "register: i64.add names 20, which is no register", word("i64.add", 20, R0, R0)),
    code(6, "register: i64.add names 24, which is no register", word("i64.add", FRAME, R0, R0)),
    code(7, "jump: it leads +16 bytes, where no instruction of the function begins", wide("jump", 0, 1)),
    code(7, "jump: it leads -64 bytes, where no instruction of the function begins", wide("jump", 0, -9)),
    code(
        0,
        "jump: it leads +262144 bytes, where no instruction of the function begins",
        word("jump.if", 0x7FFF, R0),
    ),
    code(
        4,
        "jump: it leads +8 bytes, where no instruction of the function begins",  # the table of a switch
        word("switch", 0, R0, 1),
        struct.pack("<ii", 1, 0),
    ),
    code(7, "end: i64.add goes on behind the end of the function", word("i64.add", R1, R0, R0)),
    code(7, "end: jump.if goes on behind the end of the function", word("jump.if", -1, R0)),
    code(7, "end: call goes on behind the end of the function", wide("call", FRAME, START + 64)),
    code(5, "call: no function begins at 4168", wide("call", FRAME, START + 72)),
    code(5, "call: no function begins at 64", wide("call", FRAME, 64)),
    code(5, "call: the next frame is to begin at 32; this one has 24 bytes", wide("call", FRAME + 8, START + 64)),
    code(5, "call: the next frame is to begin at 16; this one has 24 bytes", word("native", FRAME - 8, 0, 2)),
    code(5, "native: there is nothing to be called in slot 2", word("native", FRAME, 2, 2)),
    code(5, "native: there is no adapter in slot 1", word("native", FRAME, 0, 1)),
    code(
        5,
        "native: the adapter in slot 3 is for another signature than the function in slot 0",
        word("native", FRAME, 0, 3),
    ),
    code(7, "panic: there is no panic 4", wide("panic", 0, 4)),
    code(7, "panic: there is no panic -2", wide("panic", 0, -2)),
    code(6, "unwritten: i64.add reads r1, which may not have been written", word("i64.add", R1, R0, R1)),
    code(3, "unwritten: jump.if reads a0, which may not have been written", word("jump.if", -2, A0)),
    code(6, "unwritten: i64.add reads a1, which may not have been written", word("i64.add", R1, A0, A1)),
    code(5, "unwritten: native reads a1, which may not have been written", word("native", FRAME, 1, 3)),
    code(2, "unwritten: ret.value reads r1, which may not have been written", word("ret.value", R1)),
]


@pytest.mark.parametrize(("rule", "broken", "expected"), IMAGES, ids=[case[2][:60] for case in IMAGES])
def test_an_image_that_breaks_one_rule(rule: str, broken: Image, expected: str) -> None:
    problems = verify(Image.from_bytes(broken.to_bytes()), AROUND)
    assert [str(problem) for problem in problems] == [expected]
    assert problems[0].rule == rule
    assert "build the image again" in problems[0].hint


def test_the_second_of_a_sequence_has_to_follow() -> None:
    broken = image([wide("const; const", R0, 5), *MAIN[1:]])
    assert told(broken) == ["@main+8: sequence: const has to stand behind const; const"]
    good = [*MAIN[:4], word("move; call", A0, R0), *MAIN[5:]]
    assert told(image(good)) == []


def test_a_sequence_at_the_end_lacks_its_second() -> None:
    broken = image([*MAIN[:7], wide("const; const", R0, 5)])
    assert told(broken) == [
        "@main+56: sequence: const has to stand behind const; const",
        "@main+56: end: const; const goes on behind the end of the function",
    ]


def test_results_have_to_be_as_many_as_the_function_says() -> None:
    two = {"functions": [("main", 0, FRAME, "", "ll"), ("f", 64, 16, "l", "l")], "entry": None, "entry_result": None}
    assert told(image(**two)) == ["@main+16: result: it gives one result, but the function has 2"]
    both = [*MAIN[:2], word("ret"), *MAIN[3:]]
    assert told(image(both, **two)) == ["@main+16: unwritten: ret reads r1, which may not have been written"]
    none = {**two, "functions": [("main", 0, FRAME, "", ""), ("f", 64, 16, "l", "l")]}
    assert told(image(both, **none)) == []


def test_what_is_behind_the_frame_does_not_survive_a_call() -> None:
    twice = [
        wide("const", A0, 5),
        wide("const", A1, 5),
        wide("call", FRAME, START + 40),
        word("i64.add", R0, A0, A1),
        word("ret.value", R0),
    ]
    assert told(image(twice)) == ["@main+24: unwritten: i64.add reads a1, which may not have been written"]


def test_what_one_way_writes_the_other_way_lacks() -> None:
    """A diamond; and a loop whose body reads what only its end writes."""
    diamond = [
        wide("const", R0, 1),
        word("jump.if", 1, R0),
        wide("const", R1, 1),
        word("ret.value", R1),
    ]
    assert told(image(diamond)) == ["@main+24: unwritten: ret.value reads r1, which may not have been written"]
    loop = [
        wide("const", R0, 1),
        word("move", A0, R1),
        wide("const", R1, 1),
        word("jump.if", -3, R0),
        word("ret.value", R0),
    ]
    assert told(image(loop)) == ["@main+8: unwritten: move reads r1, which may not have been written"]


def test_code_to_which_no_way_leads_may_read_anything() -> None:
    assert told(image([wide("const", R0, 1), word("ret.value", R0), word("ret.value", R1)])) == []


def test_what_is_lost_late_is_lost_far_back() -> None:
    """Each block jumps to the one before; a1 is lost in the last one, and read in the first."""
    blocks = [word("jump.if", -2, R0)] * 300
    main = [wide("const", R0, 1), wide("const", A0, 1), wide("const", A1, 1), word("move", R1, A1), *blocks]
    main += [wide("call", FRAME, START + 8 * (len(main) + 3)), word("jump.if", -3, R0), word("ret.value", R0)]
    expected = "@main+24: unwritten: move reads a1, which may not have been written"
    assert told(image(main, pieces=[], memory_end=1 << 19)) == [expected]


def test_a_flow_that_does_not_settle_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier, "Patience", lambda words: SimpleNamespace(left=2))
    assert told(image()) == [f"@{name}+0: tangled: there are too many ways through it" for name in ("main", "f")]


def test_not_more_is_told_than_anybody_reads() -> None:
    many = [word("i64.add", 0, 1, 2)] * 50 + [word("ret.value", R0)]
    rows = [(f"f{n}", n * len(many) * 8, 16, "l", "l") for n in range(10)]
    broken = image(many * 10, [], functions=rows, entry=None, entry_result=None, memory_end=1 << 19, pieces=[])
    problems = verify(broken, AROUND)
    assert len(problems) == MOST
    assert [problem.function for problem in problems[::MOST_IN_FUNCTION]] == ["f0", "f1", "f2", "f3"]


# Programs


@pytest.mark.parametrize("name", ["calculator", "virtual_machine"])
def test_programs_break_no_rule(name: str) -> None:
    text = (ROOT / "examples" / f"{name}.tova").read_text(encoding="utf-8")
    made = images.image_of(f"{name}.tova", text)
    assert len(made.functions) >= 5
    assert told(Image.from_bytes(made.to_bytes()), images.base().surroundings) == []


@pytest.mark.parametrize("level", ["O0", "O3"])
def test_programs_of_every_level_break_no_rule(level: str) -> None:
    made = images.image_of("p.tova", mutations.PROGRAM, level)
    assert told(made, images.base().surroundings) == []


def test_the_verifier_answers_whatever_it_is_given() -> None:
    """And what it accepts ends in a clean way. `mutations.py` does the same with as many as one likes."""
    found: dict[str, int] = {}
    original = mutations.program()
    for seed, answer, accepted in mutations.answers(original, images.base().surroundings, range(1000)):
        found[answer] = found.get(answer, 0) + 1
        if accepted is not None and found[answer] % 8 == 0:
            assert mutations.execute(accepted), seed
    assert len(found) > 15
    assert found["accepted"] > 70


def test_every_image_can_be_shown() -> None:
    original = mutations.program()
    for seed in range(80):
        try:
            changed = Image.from_bytes(mutations.mutate(random.Random(seed), original))
        except ImageDamaged:
            continue
        assert listing(changed, ["first"]).startswith("@") or not changed.functions


def run(words: list[bytes], frame: int = FRAME) -> str:
    """How a program of these words ends on the base module."""
    around = images.base().surroundings
    start, _size = around.region
    made = image(
        base=around.digest,
        start=start,
        main=words,
        f=[],
        functions=[("main", 0, frame, "", "l")],
        pieces=[],
        memory_end=start + 4096,
    )
    assert told(made, around) == []
    return mutations.execute(made)


def test_a_program_that_writes_over_its_frames_ends_like_one_that_writes_elsewhere() -> None:
    """From the frames the host tells the open calls: they may hold any address."""
    start, size = images.base().surroundings.region
    fill = [
        wide("const", R0, start + size),
        wide("const", R1, 0xEE),
        wide("const", A0, 1 << 20),
        word("mem.fill", R0, R1, A0),
        wide("panic", 0, 0),
    ]
    assert run(fill) == "panic"
    assert run([*fill[:4], word("ret.value", R0)]) == "internal error"


HOSTS = sorted(name for name in IMPORTS if name != "exit")


@pytest.mark.parametrize("name", HOSTS)
def test_the_host_survives_whatever_bytecode_passes(name: str) -> None:
    facts = Facts.of(images.base().artifact)
    slot, adapter = facts.functions[import_identity(f"env.{name}")]
    params, _results = facts.natives[slot]
    for number in (0, 1, -1, 0x7FFF_FFFF, -0x8000_0000, facts.rooms[REGION][0]):
        args = [wide("const", A0 + 8 * index, number) for index in range(len(params))]
        end = run([*args, word("native", FRAME, slot, adapter), wide("const", R0, 0), word("ret.value", R0)])
        assert end in ("ended", "panic", "internal error")


def test_every_rule_has_a_case_and_is_documented() -> None:
    documentation = (ROOT / "docs" / "bytecode.md").read_text(encoding="utf-8")
    told_rules = {case[0] for case in IMAGES} | {"result", "sequence", "tangled"}
    assert told_rules == set(RULES)
    for rule, demand in RULES.items():
        assert f"| `{rule}` | {demand} |" in documentation


def test_every_instruction_is_understood() -> None:
    """How each goes on, and that no field is overlooked: a register, a number, or 0."""
    for instruction, shape in zip(table().values(), shapes(), strict=True):
        letters = instruction.layout
        assert (len(shape.writes), len(shape.reads)) == (letters.count("w"), letters.count("r"))
        assert shape.halves == 4 * instruction.words
        numbers = sum(letters.count(letter) for letter in "iuj") + 2 * sum(map(letters.count, "IAJ"))
        data = 4 if instruction.name == "const.wide" else 0
        assert 1 + len(shape.registers) + len(shape.zeros) + numbers + data == shape.halves
