"""What examples/dijkstra.tova prints, by trying every simple path instead of Dijkstra's algorithm."""

ROADS = """Harbour Market 4, Harbour Museum 2, Market Castle 5, Museum Market 1, Museum Bridge 8, Museum Mill 10,
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


best: dict[str, tuple[int, list[str]]] = {}
for total, path in ways(["Harbour"], 0):
    if path[-1] not in best or total < best[path[-1]][0]:
        best[path[-1]] = total, path
for station in stations:
    total, path = best[station]
    print(f"{station:8} {total:3}  {' > '.join(path)}")
print(len(stations), "stations, farthest", max(total for total, _ in best.values()))
