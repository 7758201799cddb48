"""What programs/string_search.tova prints, by looking at every place."""

import re


def borders(text):
    return [max(k for k in range(i + 1) if text[:k] == text[i + 1 - k : i + 1]) for i in range(len(text))]


def places(text, pattern):
    return [match.start() for match in re.finditer(f"(?={pattern})", text)]


print(*borders("abacabab"), *borders("aaaa"))
for text, pattern in (
    ("abracadabra", "abra"),
    ("aaaaaa", "aa"),
    ("needle", "haystack"),
    ("mississippi", "issi"),
    ("xyz", "z"),
):
    print(f"{pattern} in {text}: [{' '.join(map(str, places(text, pattern)))}] true")
seed, text = 3, ""
for _ in range(3000):
    seed = (seed * 1103515245 + 12345) % 2**31
    text += "ab"[(seed >> 20) % 2]
for pattern in ("abab", "bbbbbbb", "abaabbab", "aaaaaaaaaaaaaaaa"):
    found = places(text, pattern)
    print(f"{pattern}: {len(found)} {len(found)} {len(found)}, first {found[0] if found else -1}, sums true")
hits = [
    (match.start() + len(p), -len(p), f"{p}@{match.start()}")
    for p in ("he", "she", "his", "hers", "an")
    for match in re.finditer(f"(?={p})", "ushers and she")
]
print(*(text for _, _, text in sorted(hits)))
