"""What programs/sudoku.tova prints, by plain backtracking over sets of 324 constraints (exact cover)."""

PUZZLES = [
    "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79",
    "..9748...7.........2.1.9.....7...24..64.1.59..98...3.....8.3.2.........6...2759..",
    "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....5..79",
    "..3456789456789123789123456..4365897365897214897214365531642978642978531978531642",
]


def constraints(place: int, digit: int) -> list[tuple]:
    row, column = divmod(place, 9)
    return [("cell", place), ("row", row, digit), ("column", column, digit), ("box", row // 3, column // 3, digit)]


CHOICES = {(place, digit): constraints(place, digit) for place in range(81) for digit in range(1, 10)}


def cover(open_: dict, choice: tuple) -> list:
    removed = []
    for constraint in CHOICES[choice]:
        for other in open_[constraint]:
            for elsewhere in CHOICES[other]:
                if elsewhere != constraint and elsewhere in open_:
                    open_[elsewhere].discard(other)
        removed.append(open_.pop(constraint))
    return removed


def uncover(open_: dict, choice: tuple, removed: list) -> None:
    for constraint in reversed(CHOICES[choice]):
        open_[constraint] = removed.pop()
        for other in open_[constraint]:
            for elsewhere in CHOICES[other]:
                if elsewhere != constraint and elsewhere in open_:
                    open_[elsewhere].add(other)


def search(open_: dict, chosen: list):
    if not open_:
        yield dict(chosen)
        return
    tightest = min(open_, key=lambda constraint: len(open_[constraint]))
    for choice in sorted(open_[tightest]):
        removed = cover(open_, choice)
        yield from search(open_, [*chosen, choice])
        uncover(open_, choice, removed)


def solutions(text: str) -> list[str]:
    open_: dict = {}
    for choice, places in CHOICES.items():
        for constraint in places:
            open_.setdefault(constraint, set()).add(choice)
    given = [(place, int(c)) for place, c in enumerate(text) if c != "."]
    for choice in given:
        if any(constraint not in open_ for constraint in CHOICES[choice]):
            return []
        cover(open_, choice)
    found = []
    for answer in search(open_, given):
        digits = "".join(str(answer[place]) for place in range(81))
        found.append("\n".join(digits[i : i + 9] for i in range(0, 81, 9)))
        if len(found) == 2:
            break
    return sorted(found)


for number, text in enumerate(PUZZLES, 1):
    found = solutions(text)
    print(f"puzzle {number}: {len(found)} found")
    print(found[0] if len(found) == 1 else " or ".join(answer[:2] for answer in found))
