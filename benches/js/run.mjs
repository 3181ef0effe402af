// One workload with one client, in a process of its own: `node run.mjs CLIENT WORKLOAD PORT SECONDS`.
// Prints one line of JSON.

import { open } from "./clients.mjs";
import { WORKLOADS } from "./workloads.mjs";

const [name, workload, port, seconds] = process.argv.slice(2);
const { prepare, operation, tasks } = WORKLOADS[workload];
const begun = performance.now();
const client = await open(name, Number(port));
const startUp = performance.now() - begun;
const state = await prepare?.(client);

const latencies = [];
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

await stretch(500);
globalThis.gc?.();
latencies.length = 0;
operations = 0;
const heap = process.memoryUsage().rss;
const cpu = process.cpuUsage();
const start = performance.now();
await stretch(Number(seconds) * 1000);
const elapsed = (performance.now() - start) / 1000;
const used = process.cpuUsage(cpu);
latencies.sort((a, b) => a - b);
const percentile = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] * 1000;
console.log(
  JSON.stringify({
    operations: operations / elapsed,
    cpu: (used.user + used.system) / operations,
    user: used.user / operations,
    p50: percentile(0.5),
    p99: percentile(0.99),
    rss: process.memoryUsage().rss,
    grown: process.memoryUsage().rss - heap,
    startUp,
  }),
);
await client.close();
process.exit(0);
