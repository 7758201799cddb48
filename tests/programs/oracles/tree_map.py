"""What programs/tree_map.tova prints: dictionaries and sorting; the height of the first tree by its definition."""

tree: dict[int, str] = {}
for i, word in enumerate(
    ["the", "wheel", "turns", "and", "what", "falls", "down", "is", "long", "thin", "and", "round"]
):
    tree[(i * 7 + 3) % 11] = word


def height(keys: list[int]) -> int:
    """The height of the search tree that keys give when inserted in this order."""
    if not keys:
        return 0
    root = keys[0]
    return 1 + max(height([k for k in keys if k < root]), height([k for k in keys if k > root]))


print(*(f"{k}:{tree[k]}" for k in sorted(tree)), "height", height(list(tree)))
print(tree[3], "?")
old = dict(tree)
for key in (3, 10, 7, 99):
    tree.pop(key, None)
    print(f"without {key}:", *sorted(tree))
print(f"{len(old)} before, {len(tree)} now, the old one still has {old[3]}")
key, keys = 1, set()
for _ in range(1000):
    key = key * 75 % 65537
    keys.add(key)
print(f"{len(keys)} keys, ordered true, between 100 and 700:", *sorted(k for k in keys if 100 <= k <= 700))
print(max(k for k in keys if k <= 30000), max(keys), 0 if 0 in keys else "none")
print(f"height {len(keys).bit_length()} when balanced, same keys true")
print(*(f"{k}v{k % 10}" for k in sorted(keys)[:5]))
print(len(keys))
