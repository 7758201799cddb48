"""What programs/lz77.tova prints, with the longest match found by trying every distance."""


def compress(text: str) -> list[str | tuple[int, int]]:
    pieces: list[str | tuple[int, int]] = []
    at = 0
    while at < len(text):
        best = (0, 0)
        for distance in range(1, min(at, 255) + 1):
            n = 0
            while n < 63 and at + n < len(text) and text[at + n] == text[at + n - distance]:
                n += 1
            best = max(best, (n, -distance))
        length, distance = best
        pieces.append((-distance, length) if length >= 3 else text[at])
        at += length if length >= 3 else 1
    return pieces


def expand(pieces) -> str:
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
        else:
            for _ in range(piece[1]):
                text += text[-piece[0]]
    return text


def report(text: str) -> str:
    pieces = compress(text)
    assert expand(pieces) == text
    copies = [piece for piece in pieces if isinstance(piece, tuple)]
    copied = sum(length for _, length in copies)
    print(f"{len(text)} -> {len(pieces)} pieces, {len(copies)} copies of {copied} letters, same: true")
    return "".join(p if isinstance(p, str) else f"<{p[0]},{p[1]}>" for p in pieces)


def noise(n: int) -> str:
    seed, letters = 99, ""
    for _ in range(n):
        seed = (seed * 1103515245 + 12345) % 2**31
        letters += "abcd"[(seed >> 16) % 4]
    return letters


print(report("abracadabra abracadabra"))
print(report("aaaaaaaaaaaaaaaa"))
print(report("how much wood would a woodchuck chuck if a woodchuck could chuck wood"))
print(report(""))
report(noise(1500))
report("la" * 300 + "!" + "lo" * 100)
