"""What programs/red_black_tree.tova prints: sets for the contents, a literal copy of Okasaki's figure for the shapes."""


def black(a, x, b):
    return ("b", a, x, b)


def balance(tree):
    match tree:
        case (
            ("b", ("r", ("r", a, x, b), y, c), z, d)
            | ("b", ("r", a, x, ("r", b, y, c)), z, d)
            | ("b", a, x, ("r", ("r", b, y, c), z, d))
            | ("b", a, x, ("r", b, y, ("r", c, z, d)))
        ):
            return ("r", black(a, x, b), y, black(c, z, d))
    return tree


def insert(tree, x):
    def into(t):
        if t is None:
            return ("r", None, x, None)
        color, a, y, b = t
        if x == y:
            return t
        return balance((color, into(a), y, b) if x < y else (color, a, y, into(b)))

    return black(*into(tree)[1:])


def show(tree):
    if tree is None:
        return "."
    color, a, x, b = tree
    return f"{x}{color}" if a is b is None else f"({show(a)} {x}{color} {show(b)})"


def blacks(tree):
    return 1 if tree is None else (tree[0] == "b") + blacks(tree[1])


tree = None
for x in range(1, 11):
    tree = insert(tree, x)
    print(show(tree), blacks(tree))
print("true false true")
values, seed = [], 17
for _ in range(500):
    seed = (seed * 1103515245 + 12345) % 2**31
    values.append((seed >> 12) % 1000)
print("valid true, sizes", *(len(set(values[:n])) for n in (10, 100, 500)), end=", not too high true\n")
big = set(values)
print(*sorted(big)[:10], sum(big))
even, third = {x for x in big if x % 2 == 0}, set(range(0, 1000, 3))
print(len(even), len(third), len(even | third), "true true")
print("red below red at 2 / 2 and 1 black nodes below 2")
