"""What examples/lru_cache.tova prints, by an OrderedDict."""

from collections import OrderedDict


class Cache:
    def __init__(self, capacity, function):
        self.capacity, self.function = capacity, function
        self.kept = OrderedDict()
        self.hits = self.misses = 0

    def __call__(self, x):
        if x in self.kept:
            self.hits += 1
        else:
            self.misses += 1
            self.kept[x] = self.function(x)
            if len(self.kept) > self.capacity:
                self.kept.popitem(last=False)
        self.kept.move_to_end(x)
        return self.kept[x]

    def newest(self):
        return " ".join(map(str, reversed(self.kept)))


def steps(n):
    return 0 if n == 1 else 1 + steps(3 * n + 1 if n % 2 else n // 2)


cache = Cache(4, steps)
for n in (7, 9, 7, 27, 6, 9, 3, 97, 27, 27, 7):
    print(f"{n:2}: {cache(n):3}  kept {cache.newest()}")
print(f"{cache.hits} hits, {cache.misses} misses")

big = Cache(100, lambda x: x * x)
seed, total = 12345, 0
for _ in range(5000):
    seed = (seed * 1103515245 + 12345) % 2**31
    total += big((seed >> 16) % 150)
newest = " ".join(big.newest().split()[:5])
print(f"{total}, {big.hits} hits, {big.misses} misses, {len(big.kept)} kept, newest {newest}")
