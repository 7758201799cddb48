"""What examples/pipeline.tova prints, with itertools."""

from heapq import merge
from itertools import count, islice, takewhile


def primes():
    return (n for n in count(2) if all(n % d for d in range(2, int(n**0.5) + 1)))


def fibonacci():
    a, b = 0, 1
    while True:
        yield a
        a, b = b, a + b


def log():
    levels = ["info", "info", "warn", "info", "error"]
    seed = 7
    while True:
        seed = (seed * 1103515245 + 12345) % 2**31
        yield levels[(seed >> 12) % 5], f"task{(seed >> 8) % 10}", (seed >> 16) % 500


print(*islice(primes(), 12))
print(*islice((n * n for n in fibonacci() if n % 2 == 0), 8))
both = merge(takewhile(lambda p: p <= 20, primes()), takewhile(lambda f: f <= 30, fibonacci()))
print("5 4 3 2 1", ",".join(map(str, both)))
for level, task, time in islice((e for e in log() if e[0] != "info" and e[2] > 250), 6):
    print(f"{level:6}{task:6}{time:4}")
print("sum of a thousand times:", sum(e[2] for e in islice(log(), 1000)))
print(", ".join(f"prime {n} is {p}" for n, p in islice(enumerate(primes(), 1), 3, 6)))
print("first square above 500:", next(n * n for n in count() if n * n > 500))
print("012" + "0" + "01", 5)
print(f"{sum(1 for _ in takewhile(lambda p: p <= 100, primes())) + 1} rounds, any above 90: true")
