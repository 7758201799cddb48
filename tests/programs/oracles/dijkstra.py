"""What examples/dijkstra.tova prints, by trying every simple path instead of Dijkstra's algorithm."""

ROADS = """Harbour Market 4, Harbour Museum 2, Market Castle 5, Museum Market 1, Museum Bridge 8, Museum Mill 11,
Castle Park 3, Bridge Castle 4, Bridge Mill 2, Mill Airport 6, Park Airport 9, Castle Mill 7"""

lengths: dict[tuple[str, str], int] = {}
for road in ROADS.replace("\n", " ").split(","):
    a, b, length = road.split()
    lengths[a, b] = lengths[b, a] = int(length)
stations = sorted({a for a, _ in lengths})


def ways(path: list[str], total: int):
    yield total, path
    for (a, b), length in lengths.items():
        if a == path[-1] and b not in path:
            yield from ways([*path, b], total + length)


found = list(ways(["Harbour"], 0))
best: dict[str, int] = {}
for station in stations:
    best[station] = min(total for total, path in found if path[-1] == station)
    (path,) = (path for total, path in found if path[-1] == station and total == best[station])  # only one is shortest
    print(f"{station:8} {best[station]:3}  {' > '.join(path)}")
print(len(stations), "stations, farthest", max(best.values()))
