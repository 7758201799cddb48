"""What programs/csv_report.tova prints, by Python's csv module."""

import csv
import io
import sys

DATA = """date,region,product,units,price
2024-01-03,North,"bolt, long",120,0.35
2024-01-03,South,nut,300,0.1
2024-01-15,North,"the ""big"" wheel",4,249.99
2024-02-01,East,nut,1000,0.09
2024-02-11,South,"bolt, long",80,0.4
2024-02-28,North,nut,,0.1
2024-03-05,West,wheel,two,100
2024-03-09,East,"the ""big"" wheel",1,260
2024-03-09,North,"bolt, long",45,0.38
"""
rows = list(csv.DictReader(io.StringIO(DATA)))
print(len(rows), "rows with", *rows[0])
sales = []
for number, row in enumerate(rows, 1):
    if row["units"].isdigit():
        units = int(row["units"])
        sales.append({**row, "units": units, "total": units * float(row["price"])})
    else:
        print(f"skipped row {number}: units are '{row['units']}'")


def report(key):
    groups = {}
    for sale in sales:
        groups.setdefault(key(sale), []).append(sale)
    table = [
        (sum(s["total"] for s in group), name, sum(s["units"] for s in group), max(s["total"] for s in group))
        for name, group in groups.items()
    ]
    for total, name, units, best in sorted(table, key=lambda row: -row[0]):
        print(f"{name:18}{units:6}{total:10.2f}{best:10.2f}")


report(lambda s: s["product"])
print("-" * 44)
report(lambda s: s["region"])
print("-" * 44)
report(lambda s: s["date"][:7])
running = 0.0
for sale in sorted(sales, key=lambda s: s["date"]):
    running += sale["total"]
    print(f"{sale['date']} {sale['total']:9.2f} {running:9.2f}")
chosen = [s for s in sales if s["units"] > 100 or s["total"] > 500]
writer = csv.writer(sys.stdout, lineterminator="\n")
writer.writerows([s["date"], s["product"], f"{s['total']:.1f}"] for s in chosen)
