"""Reads the lines that redmux-benches prints and writes medians and ratios."""

import collections
import statistics
import sys

runs = collections.defaultdict(list)
for line in sys.stdin:
    client, *fields = line.split()
    row = dict(field.split("=") for field in fields)
    del row["kind"]
    runs[int(row["tasks"]), client].append({name: float(text) for name, text in row.items()})


def median(key, name):
    return statistics.median(run[name] for run in runs[key])


print("tasks  client       ops/s  CPU us/op   (user)  allocs/op")
for tasks in sorted({tasks for tasks, _ in runs}):
    for client in ("redmux", "redis-rs", "rustis"):
        key = tasks, client
        print(
            f"{tasks:>5}  {client:<9} {median(key, 'ops_s'):>8.0f} {median(key, 'cpu_us'):>10.3f}"
            f" {median(key, 'user_us'):>8.3f} {median(key, 'allocs'):>10.2f}"
        )
    for rival in ("redis-rs", "rustis"):
        # Each round ran all clients: the ratio is taken within the round.
        pairs = list(zip(runs[tasks, "redmux"], runs[tasks, rival]))

        def ratio(name):
            return statistics.median(ours[name] / theirs[name] for ours, theirs in pairs)

        print(
            f"       redmux / {rival}: ops/s {ratio('ops_s'):.2f}, CPU {ratio('cpu_us'):.2f},"
            f" user CPU {ratio('user_us'):.2f}"
        )
