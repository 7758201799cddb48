"""What programs/life_sets.tova prints, on sets of complex numbers."""

import re
from collections import Counter

STEPS = [complex(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y]


def following(alive):
    counts = Counter(cell + step for cell in alive for step in STEPS)
    return {cell for cell, n in counts.items() if n == 3 or (n == 2 and cell in alive)}


def pattern(rle):
    x, y, alive = 0, 0, set()
    for number, kind in re.findall(r"(\d*)([bo$])", rle):
        times = int(number or 1)
        if kind == "$":
            x, y = 0, y + times
            continue
        if kind == "o":
            alive |= {complex(x + i, y) for i in range(times)}
        x += times
    return alive


def corner(alive):
    return complex(min(c.real for c in alive), min(c.imag for c in alive))


def fate(start):
    alive = start
    for generation in range(1, 21):
        alive = following(alive)
        if not alive:
            return f"dies, {generation} generations, moved 0 0"
        moved = corner(alive) - corner(start)
        if {cell - moved for cell in alive} == start:
            kind = "flies" if moved else "still" if generation == 1 else "blinks"
            return f"{kind}, {generation} generations, moved {moved.real:.0f} {moved.imag:.0f}"
    return "goes on"


for name, rle in {
    "block": "2o$2o!", "beehive": "b2o$o2bo$b2o!", "blinker": "3o!", "toad": "b3o$3o!", "glider": "bob$2bo$3o!",
    "spaceship": "bo2bo$o4b$o3bo$4o!", "diehard": "6bo$2o$bo3b3o!", "pair": "2o!",
}.items():  # fmt: skip
    print(f"{name}: {fate(pattern(rle))}")
alive, sizes = pattern("b2o$2o$bo!"), []
for generation in range(41):
    if generation % 4 == 0:
        sizes.append(len(alive))
    alive = following(alive)
print(*sizes)
low = corner(alive)
high = complex(max(c.real for c in alive), max(c.imag for c in alive))
for y in range(int(low.imag), int(high.imag) + 1):
    print("".join("o" if complex(x, y) in alive else "." for x in range(int(low.real), int(high.real) + 1)))
