"""What programs/brc.tova prints."""

from fractions import Fraction

STATIONS = [
    "Hamburg",
    "Bulawayo",
    "Palembang",
    "St. John's",
    "Cracow",
    "Bridgetown",
    "Istanbul",
    "Roseau",
    "Conakry",
    "Abéché",
]
rows, seed = [], 11
for _ in range(4000):
    seed = (seed * 1103515245 + 12345) % 2**31
    rows.append((STATIONS[(seed >> 8) % 10], (seed >> 16) % 1400 - 400))
print(" | ".join(f"{name};{tenths / 10:.1f}" for name, tenths in rows[:3]))
for name in sorted(STATIONS):
    values = [tenths for station, tenths in rows if station == name]
    mean = Fraction(sum(values), len(values))
    assert abs(mean - round(mean)) < Fraction(499, 1000), "too near to a tie"
    print(f"{name:12} {len(values):4} {min(values) / 10:.1f} / {round(mean) / 10:.1f} / {max(values) / 10:.1f}")
print(len(rows), "measurements of 10 stations")
