"""What programs/huffman.tova prints: by a heap of code tables instead of trees; ties go to the older subtree."""

import heapq
from collections import Counter
from itertools import count

TEXT = "it was the best of times it was the worst of times it was the age of wisdom it was the age of foolishness"


def report(text: str) -> dict[str, str]:
    number = count()
    weights = Counter(text)
    heap = [(weights[c], next(number), {c: "" if len(weights) > 1 else "0"}) for c in sorted(weights)]
    heap = sorted((w, i, t) for w, i, t in heap)
    heap = [(w, next(number), t) for w, _, t in heap]
    while len(heap) > 1:
        (v, _, left), (w, _, right) = heapq.heappop(heap), heapq.heappop(heap)
        both = {c: "0" + code for c, code in left.items()} | {c: "1" + code for c, code in right.items()}
        heapq.heappush(heap, (v + w, next(number), both))
    codes = heap[0][2]
    bits = sum(len(codes[c]) for c in text)
    depth = max(map(len, codes.values())) if len(codes) > 1 else 0
    print(f"{len(text)} letters, {len(codes)} kinds: {bits} bits, depth {depth}, same: true")
    return codes


table = report("abracadabra")
for symbol in sorted(table):
    print(symbol, table[symbol])
report(TEXT)
report("mississippi")
report("zzzz")
report((TEXT + ". ") * 20)
report("".join(c * 2**i for i, c in enumerate("abcdefg")))
