"""What programs/permutations.tova prints, by itertools."""

from itertools import combinations, islice, permutations


def inversions(p):
    return sum(a > b for a, b in combinations(p, 2))


print(*map("".join, permutations("abc")))
fives = list(permutations(range(5)))
print(f"{sum(inversions(p) % 2 == 0 for p in fives)} even, {sum(p[x] == x for p in fives for x in p)} fixed points")
words = set(permutations("aabbc"))
print(f"{len(words)} words, last {''.join(max(words))}")
print(f"720 orders, {sum(all(p[i] != i for i in p) for p in permutations(range(6)))} derangements")
print(
    *(
        f"{t}{o} + {g}{o} = {o}{u}{t}"
        for t, o, g, u in permutations(range(10), 4)
        if t and g and o and 10 * t + o + 10 * g + o == 100 * o + 10 * u + t
    )
)
print("true")
print(*islice(("".join(map(str, p)) for p in permutations(range(7)) if p[0] > p[6]), 3))
print(*("".join(map(str, p)) for p in permutations((1, 2, 3))), len(list(combinations(range(6), 3))))
