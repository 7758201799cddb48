"""What programs/run_length.tova prints, by itertools.groupby and zip."""

from itertools import groupby


def runs(text: str) -> list[tuple[str, int]]:
    return [(c, len(list(group))) for c, group in groupby(text)]


def show(text: str) -> str:
    return "".join(c if n == 1 else f"{n}{c}" for c, n in runs(text))


for text in ("wwwwbbbww", "abc", "", "zzzzzzzzzzzz", "äää→→!"):
    print(f"{text} -> {show(text)} ({len(runs(text))} runs), same: true")
print("12 times what?")
term = "1"
for n in range(1, 13):
    print(f"{n:2} {term if len(term) < 40 else f'{len(term)} digits'}")
    term = "".join(f"{n}{c}" for c, n in runs(term))
picture = """...........
..####.....
..#..##....
..#...##...
..#....#...
..######...
...........""".splitlines()
coded = "$".join(map(show, picture))
print(f"{sum(map(len, picture))} -> {len(coded)}: {coded}")
for column in zip(*picture[::-1], strict=True):
    print("".join(column))
print("true", "$".join(show(row[::-1]) for row in picture))
