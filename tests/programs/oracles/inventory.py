"""What examples/inventory.tova prints, with itertools and plain dictionaries."""

from itertools import groupby
from operator import itemgetter

TABLE = """lathe machine 1890.0 2 A1
drill machine 249.5 7 A1
chisel tool 18.75 40 B2
gouge tool 27.25 25 B2
oak wood 4.5 120 C1
maple wood 6.25 80 C1
saw tool 32.0 0 B1
brass metal 11.0 60 C2"""
rows = [line.split() for line in TABLE.splitlines()]
price = {name: float(text) for name, _, text, _, _ in rows}
count = {name: int(text) for name, _, _, text, _ in rows}


def worth(name):
    return price[name] * count[name]


def show(title, names):
    print(title + ":")
    for name in names:
        print(f"  {name:8}{count[name]:5}{worth(name):10.2f}")


def grouped(column):
    first_seen = list(dict.fromkeys(row[column] for row in rows))
    ordered = sorted(rows, key=lambda row: first_seen.index(row[column]))
    return {key: [row[0] for row in group] for key, group in groupby(ordered, key=itemgetter(column))}


show("in stock", [name for name in count if count[name]])
show("dearest first", sorted(price, key=price.get, reverse=True)[:3])
for kind, names in grouped(1).items():
    total = sum(map(worth, names))
    print(f"{kind:8} {len(names)} kinds {total:10.2f}  dearest: {max(names, key=price.get)}")
print(f"all {sum(map(worth, price)):10.2f}")
print(", ".join(f"{shelf}={'+'.join(names)}" for shelf, names in grouped(4).items()))
for number, name in ((30, "oak"), (5, "chisel"), (1, "saw"), (100, "oak"), (2, "ebony"), (7, "drill")):
    if name not in count:
        state = "unknown"
    else:
        given = min(number, count[name])
        count[name] -= given
        state = "complete" if given == number else "partly" if given else "sold out"
    print(f"{number} x {name}: {state}")
print("empty:", *(name for name in count if not count[name]))
print("left:", *(f"{name}:{count[name]}" for name in count if count[name]))
print("ash new -> 3.5\nmaple 6.25 -> 6.25\noak 4.5 -> 5")
print(f"cheapest: {min(price, key=price.get)} at {min(price.values())}")
