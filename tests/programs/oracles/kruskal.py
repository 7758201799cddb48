"""What programs/kruskal.tova prints: Prim's algorithm, flood fill, and a search for a way through the grid."""

from math import sqrt

seed, towns = 5, []
for _ in range(60):
    seed = (seed * 1103515245 + 12345) % 2**31
    towns.append(complex((seed >> 8) % 1000, (seed >> 18) % 1000))


def cost(p: complex, q: complex) -> int:
    return round((p - q).real ** 2 + (p - q).imag ** 2)


inside, net = {0}, []
while len(inside) < 60:
    least, town = min((cost(towns[i], towns[j]), j) for i in inside for j in range(60) if j not in inside)
    inside.add(town)
    net.append(least)
print(f"{60 * 59 // 2} edges, {len(net)} in the net, {sum(net)} in all, dearest {max(net)}")
print(f"length {sum(map(sqrt, net)):.3f}")


def flood(cells: set[complex], start: set[complex]) -> set[complex]:
    seen, waiting = set(), list(start)
    while waiting:
        cell = waiting.pop()
        if cell in cells and cell not in seen:
            seen.add(cell)
            waiting += [cell + 1, cell - 1, cell + 1j, cell - 1j]
    return seen


rows = ["##..#....#", "#...##...#", "...##..#..", ".#....###.", "##.#...#..", "...###...#"]
land = {complex(x, y) for y, row in enumerate(rows) for x, c in enumerate(row) if c == "#"}
sizes = []
while land:
    island = flood(land, {next(iter(land))})
    land -= island
    sizes.append(len(island))
print(len(sizes), "islands of", *sorted(sizes))


def percolate(seed: int) -> int:
    cells: set[complex] = set()
    while not any(cell.imag == 19 for cell in flood(cells, {complex(x, 0) for x in range(20)})):
        seed = (seed * 1103515245 + 12345) % 2**31
        y, x = divmod((seed >> 10) % 400, 20)
        cells.add(complex(x, y))
    return len(cells)


print(*map(percolate, range(1, 7)))
