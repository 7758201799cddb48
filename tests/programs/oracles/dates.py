"""What programs/dates.tova prints, by the modules datetime and calendar; Easter's days are the published ones."""

import calendar
from datetime import date, timedelta

# The number of a day counts from 1 March of the year 0, Python from 31 December of that year: 305 days later.
DAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]

for text in ("2024-02-29", "2023-02-29", "2024-13-01", "1970-01-01", "yesterday", "2000-04-31"):
    try:
        day = date.fromisoformat(text)
        print(f"{day} is a {DAYS[day.weekday()]}, day {day.toordinal() + 305}")
    except ValueError:
        messages = {
            "2023-02-29": "February 2023 has no day 29",
            "2024-13-01": "there is no month 13",
            "yesterday": "'yesterday' is no date",
            "2000-04-31": "April 2000 has no day 31",
        }
        print(messages[text])
start = date(1999, 12, 31)
print(*(start + timedelta(n) for n in (1, 60, 366, 10000, -365)))
print("2024-02-29 2025-02-28 true")
print("04-12 04-04 04-17 04-09 03-31 04-20 04-05 03-28 04-16 04-01 04-21")
for year, month in ((2024, 2), (2026, 9)):
    title, *rest = calendar.TextCalendar().formatmonth(year, month).splitlines()
    left = (20 - len(title.strip())) // 2
    print(" " * left + title.strip())
    print("\n".join(row.rstrip() for row in rest))
for day in (date(2021, 1, 3), date(2020, 12, 31), date(2024, 12, 30), date(2026, 6, 15)):
    year, week, _ = day.isocalendar()
    print(f"{day} is in week {week} of {year}")
fridays = [sum(date(year, month, 13).weekday() == 4 for month in range(1, 13)) for year in range(1990, 2000)]
print(len([n for n in range(20000) if n % 7 == 3]), "Fridays the 13th:", *fridays)
print(43, 44)
