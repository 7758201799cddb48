"""What programs/event_simulation.tova prints: a heap of events, told apart by their number when times are equal."""

import heapq
from collections import deque


def report(tills: int, customers: int) -> None:
    state = 2024

    def chance(limit: int) -> int:
        nonlocal state
        state = (state * 1103515245 + 12345) % 2**31
        return (state >> 16) % limit

    events, arrived, time = [], [], 0
    for customer in range(customers):
        time += chance(6)
        arrived.append(time)
        heapq.heappush(events, (time, customer, "arrival", customer))
    number = customers
    free, waiting, delays = set(range(tills)), deque(), []
    now = busy = longest = 0
    while events:
        time, _, kind, who = heapq.heappop(events)
        busy += (time - now) * (tills - len(free))
        now = time
        if kind == "arrival":
            waiting.append(who)
        else:
            free.add(who)
        while free and waiting:
            till = min(free)
            free.remove(till)
            delays.append(now - arrived[waiting.popleft()])
            heapq.heappush(events, (now + 3 + chance(12), number, "departure", till))
            number += 1
        longest = max(longest, len(waiting))
    print(
        f"{tills} tills: closed at {now}, {len(delays)} served, waited {sum(delays) / len(delays):.2f} on average, "
        f"{max(delays)} at most"
    )
    print(f"  longest queue {longest}, tills busy {100 * busy / (now * tills):.1f} %")
    bounds = [(0, 0), (1, 4), (5, 19), (20, 99), (100, 10**9)]
    print(" ", *(sum(low <= d <= high for d in delays) for low, high in bounds))


for tills in range(1, 6):
    report(tills, 300)
