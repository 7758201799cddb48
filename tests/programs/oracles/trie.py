"""What programs/trie.tova prints: a set of words; the nodes of its trie are their different prefixes."""

TEXT = (
    "a lathe turns wood and the turner turns the lathe while a lath is thin wood turned into laths and latches are not"
)
words = set(TEXT.split())


def nodes(words):
    return len({word[:n] for word in words for n in range(len(word) + 1)} | {""})


def complete(words, prefix, limit):
    return " ".join(sorted(w for w in words if w.startswith(prefix))[:limit])


def longest_prefix(text):
    return max((w for w in words if text.startswith(w)), key=len, default="")


print(f"{len(TEXT.split())} words, {len(words)} different, {nodes(words)} nodes")
print(complete(words, "", 100))
for prefix in ("lat", "turn", "th", "x", "wood"):
    print(f"{prefix}: {sum(w.startswith(prefix) for w in words)}: {complete(words, prefix, 3)}")
print(longest_prefix("lathes"), longest_prefix("turnery"), f"[{longest_prefix('zzz')}]")
for word in ("lathe", "laths", "nothing", "turn", "a", "latches"):
    was_there = word in words
    words.discard(word)
    print(f"{word}: {str(was_there).lower()}, {nodes(words)} nodes")
print(complete(words, "la", 9), str("lath" in words).lower(), str("lathe" in words).lower(), len(words))
numbers = {str(n * 7919 % 1000) for n in range(600)}
print(f"{len(numbers)} numbers, {nodes(numbers)} nodes, {complete(numbers, '12', 20)}")
