#!/usr/bin/env bash
# Clients side by side on one server: interleaved rounds, medians and ratios.
#
#   benches/compare.sh [ROUNDS]      needs redis-server on PATH
set -eu
cd "$(dirname "$0")"
rounds=${1:-5}
cargo build --release --quiet
bench=${CARGO_TARGET_DIR:-target}/release/redmux-benches
port=$(( 20000 + RANDOM % 20000 ))
folder=$(mktemp -d)
redis-server --port "$port" --bind 127.0.0.1 --save "" --appendonly no --dir "$folder" >/dev/null &
server=$!
trap 'kill $server; rm -rf "$folder"' EXIT
sleep 1
# One client thread each: async-std gets one worker, tokio its current-thread runtime.
export ASYNC_STD_THREAD_COUNT=1
clients=(redmux redis-rs rustis)
for tasks in 1 64 512; do
    ops=$(( tasks == 1 ? 50000 : 400000 ))
    for round in $(seq "$rounds"); do
        for offset in 0 1 2; do
            "$bench" "${clients[$(( (round + offset) % 3 ))]}" "127.0.0.1:$port" "$tasks" "$ops" mixed 64
        done
    done
done | python3 -c '
import collections, statistics, sys
runs = collections.defaultdict(list)
for line in sys.stdin:
    client, *fields = line.split()
    row = dict(field.split("=") for field in fields)
    runs[int(row["tasks"]), client].append({k: float(v) for k, v in row.items() if k != "kind"})
median = lambda key, name: statistics.median(run[name] for run in runs[key])
print(f"{\"tasks\":>5} {\"client\":<9} {\"ops/s\":>9} {\"CPU us/op\":>10} {\"(user)\":>7} {\"allocs/op\":>10}")
for tasks in sorted({tasks for tasks, _ in runs}):
    for client in ("redmux", "redis-rs", "rustis"):
        key = tasks, client
        print(f"{tasks:>5} {client:<9} {median(key, \"ops_s\"):>9.0f} {median(key, \"cpu_us\"):>10.3f} {median(key, \"user_us\"):>7.3f} {median(key, \"allocs\"):>10.2f}")
    for rival in ("redis-rs", "rustis"):
        ratio = lambda name: median((tasks, "redmux"), name) / median((tasks, rival), name)
        print(f"      redmux / {rival}: ops/s {ratio(\"ops_s\"):.2f}, CPU {ratio(\"cpu_us\"):.2f}, user {ratio(\"user_us\"):.2f}")
'
