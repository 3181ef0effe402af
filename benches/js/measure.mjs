// One workload with one client, in whatever runtime this is.

import { open } from "./clients.mjs";
import { WORKLOADS } from "./workloads.mjs";

/** Milliseconds before anything is measured, and of one stretch in which allocations are looked at. */
const WARM = 500;
const STRETCH = 10;

/**
 * `cpu()` gives microseconds so far and `heap()` bytes in use, or promises of them; `gc()` collects garbage. Where
 * there is no such number `heap` is null.
 */
export async function measure({ name, workload, where, seconds, cpu, heap, gc }) {
  const { prepare, operation, tasks } = WORKLOADS[workload];
  const client = await open(name, where);
  const state = await prepare?.(client);

  let latencies = [];
  let operations = 0;
  async function task(number, until) {
    for (let turn = number; performance.now() < until; turn += 1) {
      const start = performance.now();
      // Read after the wait: other tasks count meanwhile.
      const done = (await operation(client, turn, state)) ?? 1;
      operations += done;
      // One in eight: enough for a percentile, and little to pay.
      if (turn % 8 === 0) latencies.push(performance.now() - start);
    }
  }
  async function stretch(time) {
    const until = performance.now() + time;
    await Promise.all(Array.from({ length: tasks }, (_, number) => task(number, until)));
  }

  await stretch(WARM);
  gc?.();
  latencies = [];
  operations = 0;
  const used = await cpu();
  const start = performance.now();
  await stretch(seconds * 1000);
  const elapsed = (performance.now() - start) / 1000;
  const spent = (await cpu()) - used;
  latencies.sort((a, b) => a - b);
  const p99 = latencies[Math.floor((latencies.length - 1) * 0.99)] * 1000;
  const result = { operations: operations / elapsed, cpu: spent / operations, p99 };
  result.heap = heap && (await allocated());
  client.close();
  return result;

  /** Bytes an operation; stretches in which garbage was collected are left out. */
  async function allocated() {
    const seen = [];
    for (let n = 0; n < 40; n++) {
      operations = 0;
      const before = heap();
      await stretch(STRETCH);
      const grown = heap() - before;
      if (grown > 0) seen.push(grown / operations);
    }
    seen.sort((a, b) => a - b);
    return seen.length < 10 ? null : seen[seen.length >> 1];
  }
}
