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
done | python3 summary.py
