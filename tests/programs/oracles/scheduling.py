"""What programs/scheduling.tova prints: the next job is the least of a list."""

TABLE = """mail 0 5 3,build 1 12 2,clock 2 1 9,backup 3 20 1,shell 4 3 5,print 4 6 3,clock2 10 1 9,index 12 8 2,call 60 4 7"""


def report(title, key, slice_):
    jobs = []
    for row in TABLE.split(","):
        name, *numbers = row.split()
        arrival, work, priority = map(int, numbers)
        jobs.append({"name": name, "arrival": arrival, "work": work, "priority": priority, "left": work})
    now, timeline = 0, []
    while open_ := [job for job in jobs if job["left"]]:
        ready = [job for job in open_ if job["arrival"] <= now]
        if not ready:
            later = min(job["arrival"] for job in open_)
            timeline.append(f"idle {later - now}")
            now = later
            continue
        job = min(ready, key=key)
        ticks = min(slice_, job["left"])
        job["left"] -= ticks
        now += ticks
        job["finished"] = now
        timeline.append(f"{job['name']} {ticks}")
    print(f"{title}: {', '.join(timeline)}")
    times = [job["finished"] - job["arrival"] for job in jobs]
    slowest = max(jobs, key=lambda job: (job["finished"] - job["arrival"]) / job["work"])["name"]
    print(f"  mean {sum(times) / len(times):.2f}, end {now}, slowest {slowest}")


report("priority", lambda j: (-j["priority"], j["name"]), 100)
report("shortest", lambda j: (j["left"], j["name"]), 100)
report("preemptive", lambda j: (-j["priority"], j["left"], j["name"]), 2)
report("arrival", lambda j: (j["arrival"], j["name"]), 100)
