"""What programs/word_frequency.tova prints, by Counter and regular expressions."""

import re
from collections import Counter
from itertools import pairwise

TEXT = """
The wheel turns and the work turns with the wheel. What the tool takes away falls down as a long thin shaving;
what it leaves is round. The turner looks at the work, not at the tool: a good tool knows what it does, and a good
turner knows when to stop. When the wheel stops, the work is done -- or it is spoiled, and the turner starts again.
"""
STOP_WORDS = ["the", "a", "and", "it", "is", "at", "or", "to", "as", "with", "what"]


def top(items, n):
    return sorted(Counter(items).items(), key=lambda item: (-item[1], item[0]))[:n]


words = re.findall("[a-z]+", TEXT.lower())
counts = Counter(words)
print(f"{len(words)} words, {len(counts)} different")
for word, n in top(words, 8):
    print(f"{word:7} {'#' * n}")
print(*(f"{word}={n}" for word, n in top((w for w in words if w not in STOP_WORDS), 6)))
lengths = Counter(map(len, words))
for length in range(1, max(lengths) + 1):
    print(f"{length}: {'#' * lengths[length]}")
letters = [c for c in TEXT.lower() if c.isalpha()]
print("".join(c for c, _ in top(letters, 5)), letters.count("z"))
print(", ".join(" ".join(pair) for pair, _ in top(pairwise(words), 4)))


def babble(word, n):
    said = [word]
    while len(said) < n:
        word = top((b for a, b in pairwise(words) if a == word), 1)[0][0]
        said.append(word)
    return " ".join(said)


print(babble("good", 9))
print(babble("long", 7))
once = [word for word, n in counts.items() if n == 1]
print(len(once), "words come once, the longest is", max(once, key=len))
long = sorted(word for word in counts if len(word) > 5)
print(*long, len(counts) - len(long))
