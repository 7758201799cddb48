"""What programs/knapsack.tova prints, by trying all subsets and by plain recursion."""

from functools import cache
from itertools import combinations, pairwise

TABLE = """map 9 150,compass 13 35,water 153 200,sandwich 50 160,glucose 15 60,tin 68 45,banana 27 60,apple 39 40,
cheese 23 30,beer 52 10,cream 11 70,camera 32 30,shirt 24 15,trousers 48 10,umbrella 73 40"""
things = [(name, int(weight), int(worth)) for name, weight, worth in (row.split() for row in TABLE.split(","))]
loads = [
    (sum(t[1] for t in load), sum(t[2] for t in load), load)
    for size in range(len(things) + 1)
    for load in combinations(things, size)
]


def best(room):
    return max((load for load in loads if load[0] <= room), key=lambda load: load[1])


most = best(400)
assert sum(load[1] == most[1] and load[0] <= 400 for load in loads) == 1, "only one best load"
print(*(t[0] for t in most[2]))
print(f"weight {most[0]}, worth {most[1]}")
print(*(best(room)[1] for room in (0, 10, 50, 100, 200)))


@cache
def change(amount):
    if amount == 0:
        return ()
    return min(((coin, *change(amount - coin)) for coin in (1, 5, 10, 21, 25) if coin <= amount), key=len)


for amount in (0, 3, 6, 63, 99):
    print(f"{amount}: {'+'.join(map(str, sorted(change(amount), reverse=True)))}")
print("true 9+5")


@cache
def ways(coins, amount):
    if amount == 0:
        return 1
    if not coins or amount < 0:
        return 0
    return ways(coins, amount - coins[0]) + ways(coins[1:], amount)


print(ways((200, 100, 50, 20, 10, 5, 2, 1), 200), ways((4, 2), 7))
numbers = [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15]
rising = [c for c in combinations(numbers, 6) if all(a < b for a, b in pairwise(c))]
assert not any(all(a < b for a, b in pairwise(c)) for c in combinations(numbers, 7))
print(*max(rising, key=lambda c: [numbers.index(x) for x in reversed(c)]), 0)
prices = [1, 5, 8, 9, 10, 17, 17, 20]


@cache
def rod(length):
    return max((prices[cut - 1] + rod(length - cut) for cut in range(1, min(length, 8) + 1)), default=0)


print(*map(rod, range(1, 13)))
