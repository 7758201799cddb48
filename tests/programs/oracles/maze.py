"""What examples/maze.tova prints, on sets of complex numbers."""

DIRECTIONS = (-1j, 1, 1j, -1)


def grow(size: int) -> set[complex]:
    state, stack, seen, open_ = 7, [0j], {0j}, {1 + 1j}
    while stack:
        cell = stack[-1]
        choices = [
            d
            for d in DIRECTIONS
            if 0 <= (cell + d).real < size and 0 <= (cell + d).imag < size and cell + d not in seen
        ]
        if not choices:
            stack.pop()
            continue
        state = (state * 1103515245 + 12345) % 2**31
        d = choices[(state >> 16) % len(choices)]
        seen.add(cell + d)
        open_ |= {2 * cell + 1 + 1j + d, 2 * (cell + d) + 1 + 1j}
        stack.append(cell + d)
    return open_


def ways(open_: set[complex], start: complex) -> dict[complex, list[complex]]:
    """The only way to each cell: there are no rings."""
    found, waiting = {start: [start]}, [start]
    while waiting:
        cell = waiting.pop()
        for d in DIRECTIONS:
            if cell + d in open_ and cell + d not in found:
                found[cell + d] = [*found[cell], cell + d]
                waiting.append(cell + d)
    return found


FIXED = """#########
#   #   #
# # # # #
# #   # #
# ##### #
#   #   #
#########"""
fixed = {complex(x, y) for y, row in enumerate(FIXED.splitlines()) for x, c in enumerate(row) if c == " "}


def show(open_: set[complex], path: list[complex], width: int, height: int) -> None:
    for y in range(height):
        cells = (complex(x, y) for x in range(width))
        print("".join("#" if c not in open_ else "." if c in path else " " for c in cells))


show(fixed, ways(fixed, 1 + 1j)[3 + 5j], 9, 7)
print(len(ways(fixed, 1 + 1j)[3 + 5j]) - 1, "steps")
moved = (fixed | {4 + 5j}) - {1 + 3j}
print(len(ways(moved, 1 + 1j)[3 + 5j]) - 1, "steps after a wall moved")
print(str(7 + 5j not in ways(moved - {4 + 2j, 4 + 3j}, 1 + 1j)).lower())
for size in (4, 10, 25):
    open_ = grow(size)
    start, goal = 1 + 1j, (2 * size - 1) * (1 + 1j)
    path = ways(open_, start)[goal]
    farthest = max(map(len, ways(open_, goal).values())) - 1
    print(f"{size}: {len(open_)} cells, {len(path) - 1} steps, farthest {farthest}")
    if size == 10:
        show(open_, path, 21, 21)
