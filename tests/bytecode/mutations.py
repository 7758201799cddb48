"""Images changed at random, as damage or malice might: made from a seed, sealed anew, so that the seal does not find it.

    python tests/bytecode/mutations.py --mutations 100000              what became of so many, and of those that ran
    python tests/bytecode/mutations.py --mutations 5000 --seed 7 --run-every 5

The verifier has to answer each, and what it accepts has to end in a clean way when it is executed. The exit status is 1 if
something else happened.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]

import images
from wasmlathe.bytecode.image import Image, ImageDamaged
from wasmlathe.bytecode.verify import Surroundings, verify
from wasmlathe.bytecode.verify_code import shapes
from wasmlathe.cache import Cache
from wasmlathe.sealed import TRAILER_BYTES, seal
from wasmlathe.wasm_runtime import engine
from wasmlathe.wasm_runtime.images import artifact_of
from wasmlathe.wasm_runtime.panics import InternalError, ProgramPanic, TimeLimit

LIMITS = engine.Limits(0.3, 128 << 20)
WORD = 8

# Kinds of changes: of the bytes of an image, or of its code


def flip_a_bit(rng: random.Random, data: bytearray) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def change_a_byte(rng: random.Random, data: bytearray) -> None:
    data[rng.randrange(len(data))] = rng.choice((0, 1, 8, 0x7F, 0x80, 0xFF, rng.randrange(256)))


def change_a_number(rng: random.Random, data: bytearray) -> None:
    at = 4 * rng.randrange(len(data) // 4)
    number = rng.choice(
        (0, 1, 8, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, rng.randrange(1 << 32), rng.randrange(1 << 16))
    )
    data[at : at + 4] = number.to_bytes(4, "little")


def cut_the_end(rng: random.Random, data: bytearray) -> None:
    del data[rng.randrange(len(data)) :]


def take_some_out(rng: random.Random, data: bytearray) -> None:
    at, size = rng.randrange(len(data)), rng.choice((1, 2, 4, 8, 16, 64))
    del data[at : at + size]


def put_some_in(rng: random.Random, data: bytearray) -> None:
    at, size = rng.randrange(len(data)), rng.choice((1, 2, 4, 8, 16, 64))
    data[at:at] = rng.randbytes(size)


def duplicate_a_word(rng: random.Random, code: bytearray) -> None:
    source, target = _word(rng, code), _word(rng, code)
    code[target : target + WORD] = code[source : source + WORD]


def insert_a_word(rng: random.Random, code: bytearray) -> None:
    source, target = _word(rng, code), _word(rng, code)
    code[target:target] = code[source : source + WORD]


def remove_a_word(rng: random.Random, code: bytearray) -> None:
    at = _word(rng, code)
    del code[at : at + WORD]


def swap_words(rng: random.Random, code: bytearray) -> None:
    a, b = _word(rng, code), _word(rng, code)
    code[a : a + WORD], code[b : b + WORD] = code[b : b + WORD], code[a : a + WORD]


def swap_neighbours(rng: random.Random, code: bytearray) -> None:
    a = _word(rng, code[WORD:])
    code[a : a + 2 * WORD] = code[a + WORD : a + 2 * WORD] + code[a : a + WORD]


def change_the_opcode(rng: random.Random, code: bytearray) -> None:
    at = _word(rng, code)
    code[at : at + 2] = rng.randrange(len(shapes()) + 5).to_bytes(2, "little")


def change_to_a_like_opcode(rng: random.Random, code: bytearray) -> None:
    """An instruction with the same fields: what is most often accepted."""
    at = _word(rng, code)
    number = int.from_bytes(code[at : at + 2], "little")
    if number >= len(shapes()):
        return
    shape = shapes()[number]
    like = [
        index
        for index, other in enumerate(shapes())
        if (other.flow, other.writes, other.reads, other.zeros, other.second)
        == (shape.flow, shape.writes, shape.reads, shape.zeros, shape.second)
    ]
    code[at : at + 2] = rng.choice(like).to_bytes(2, "little")


def change_a_field(rng: random.Random, code: bytearray) -> None:
    at = _word(rng, code) + 2 * rng.randrange(1, 4)
    number = rng.choice((8 * rng.randrange(1, 12), rng.randrange(1 << 16), rng.randrange(16), 0xFFFF))
    code[at : at + 2] = number.to_bytes(2, "little")


def _word(rng: random.Random, code: bytearray) -> int:
    return WORD * rng.randrange(len(code) // WORD)


OF_BYTES = (flip_a_bit, change_a_byte, change_a_number, cut_the_end, take_some_out, put_some_in)
OF_CODE = (
    flip_a_bit, change_a_byte, duplicate_a_word, insert_a_word, remove_a_word, swap_words, swap_neighbours,
    change_the_opcode, change_to_a_like_opcode, change_a_field, change_a_field,
)  # fmt: skip


def change_the_facts(rng: random.Random, image: Image) -> None:
    """Something that the image says of itself."""
    number = rng.choice((0, 1, 4, 8, 16, -8, 1 << 16, 1 << 31, 0xFFFF_FFF8, rng.randrange(1 << 32)))
    name = rng.choice(("start", "memory_end", "entry", "base", "entry_result", "functions", "pieces", "sites"))
    if name in ("start", "memory_end", "entry"):
        setattr(image, name, max(0, rng.choice((number, (getattr(image, name) or 0) + number))) & 0xFFFF_FFFE)
    elif name == "base":
        image.base = rng.randbytes(16)
    elif name == "entry_result":
        image.entry_result = rng.choice((None, "l", "d", "", "ll", "x"))
    elif name == "functions":
        rows = [list(row) for row in image.functions]
        row = rng.choice(rows)
        index = rng.randrange(1, 5)
        row[index] = rng.choice(("", "l", "i", "lld", "?", "l" * 9000)) if index > 2 else max(0, row[index] + number)
        if rng.random() < 0.3:
            rng.shuffle(rows)
        image.functions = tuple((n, at & 0xFFFF_FFFF, f & 0xFFFF_FFFF, p, r) for n, at, f, p, r in rows)
    elif name == "pieces":
        image.pieces += ((rng.choice((number & 0xFFFF_FFFF, image.start, image.start + 8)), rng.randbytes(8)),)
    else:
        image.sites = image.sites[: rng.randrange(len(image.sites) + 1)]


def mutate(rng: random.Random, original: bytes) -> bytes:
    """The sealed bytes of an image, changed in one to three ways."""
    kind = rng.random()
    if kind < 0.3:
        data = bytearray(original[:-TRAILER_BYTES])
        for _ in range(rng.choice((1, 1, 2, 3))):
            if len(data) >= WORD:
                rng.choice(OF_BYTES)(rng, data)
        return seal(bytes(data))
    image = Image.from_bytes(original)
    if kind < 0.45:
        change_the_facts(rng, image)
        return image.to_bytes()
    code = bytearray(image.code)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if len(code) >= 2 * WORD:
            rng.choice(OF_CODE)(rng, code)
    image.code = bytes(code)
    return image.to_bytes()


def answers(original: bytes, surroundings: Surroundings, seeds: range) -> Iterator[tuple[int, str, Image | None]]:
    """Seed, the answer ("damaged", "accepted" or the rule broken first), and the image if it was accepted."""
    for seed in seeds:
        try:
            image = Image.from_bytes(mutate(random.Random(seed), original))
        except ImageDamaged:
            yield seed, "damaged", None
            continue
        problems = verify(image, surroundings)
        for problem in problems:
            assert str(problem) and problem.hint
        yield seed, problems[0].rule if problems else "accepted", None if problems else image


# Executing what was accepted


def execute(image: Image, limits: engine.Limits = LIMITS) -> str:
    """How an image ends on the base module. Raises what is not a clean end."""
    try:
        artifact = artifact_of(image, images.base().artifact)
        engine.run(artifact, (), limits, io.BytesIO(), Cache(), stdin=io.BytesIO(b"1\n2\n"))
    except TimeLimit:
        return "time limit"
    except ProgramPanic:
        return "panic"
    except InternalError:
        return "internal error"
    return "ended"


#: A program with loops, a switch, calls of all kinds, texts, closures, floats, and panics that are caught.
PROGRAM = """
type Shape { Circle(r: Float), Square(side: Float), Line(a: Int, b: Int) }

fn area(shape) {
  match shape {
    Circle(r) => 3.25 * r * r
    Square(side) => side * side
    Line(a, b) => (a - b) / 2.0
  }
}

fn fib(n) { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }

fn checked(numbers, i) {
  try { return numbers[i] } catch e { return -1 }
}

fn main() {
  var sum = 0
  numbers = [3, 1, 2, 5]
  for i in 0..6 { sum += checked(numbers, i) * i }
  print(sum, fib(7))
  shapes = [Circle(2.0), Square(1.5), Line(4, 1)]
  print(shapes.map(area))
  scale = sum * 2
  print(numbers.map(fn(x) x * scale + 1))
  var text = ""
  for word in ["a", "bc", "d"] { text += "{word}-{len(word)} " }
  print(text)
}
"""


def program() -> bytes:
    """The image that is changed."""
    return images.image_of("p.tova", PROGRAM).to_bytes()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mutations", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run-every", type=int, default=10, help="execute one of so many that are accepted")
    given = parser.parse_args()
    original = program()
    found: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    slowest, started, failures = 0.0, time.process_time(), 0
    seeds = range(given.seed, given.seed + given.mutations)
    for seed, answer, image in answers(original, images.base().surroundings, seeds):
        found[answer] += 1
        now = time.process_time()
        slowest = max(slowest, now - started)
        if image is not None and found[answer] % given.run_every == 0:
            failures += _run(seed, image, ends)
        started = time.process_time()
    _print(found, "answer")
    _print(ends, "end of what was executed")
    print(f"slowest mutation: {1000 * slowest:.0f} ms")
    return 1 if failures else 0


def _run(seed: int, image: Image, ends: Counter[str]) -> bool:
    """Execute an image; True if that did not end in a clean way."""
    try:
        ends[execute(image)] += 1
    except Exception as failure:  # noqa: BLE001 that is what is looked for
        print(f"seed {seed}: {type(failure).__name__}: {failure}", file=sys.stderr)
        return True
    return False


def _print(counts: Counter[str], title: str) -> None:
    print(f"{title} ({counts.total()})")
    for name, count in counts.most_common():
        print(f"  {count:7}  {name}")


if __name__ == "__main__":
    sys.exit(main())
