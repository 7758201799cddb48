"""What programs/diff.tova prints: the differences written down by hand, the numbers by recursion with memory."""

from functools import cache

print(
    """+ put on glasses
  clamp the wood
- start the lathe
+ start the lathe slowly
  hold the tool
  turn
+ turn more
  stop the lathe
- look at the work
true true
does not fit: line 1 is 'put on glasses'
4 kept, 3 added, 2 removed"""
)


@cache
def distance(a: str, b: str) -> int:
    if not a or not b:
        return len(a) + len(b)
    return min(distance(a[1:], b[1:]) + (a[0] != b[0]), distance(a[1:], b) + 1, distance(a, b[1:]) + 1)


@cache
def common(a: str, b: str) -> int:
    if not a or not b:
        return 0
    if a[0] == b[0]:
        return common(a[1:], b[1:]) + 1
    return max(common(a[1:], b), common(a, b[1:]))


names = ["lathe", "bath", "slate", "turner", "tuner", "latte"]
for wanted in ("late", "turning", "brush"):
    near = sorted(names, key=lambda name: distance(wanted, name))
    print(f"{wanted}:", ", ".join(f"{name} {distance(wanted, name)}" for name in near))
x = "".join(c for i, c in enumerate("ACGTTGA" * 12) if i % 5 != 2)
y = "".join(c for i, c in enumerate("GATTACA" * 12) if i % 7 != 3)
print(len(x), len(y), common(x, y), distance(x, y))
