// One measurement, in a process of its own, of Node, Deno or Bun: `run.mjs CLIENT WORKLOAD PORT SECONDS [cluster]`.
// Prints one line of JSON.

import process from "node:process";

import { measure } from "./measure.mjs";

const [name, workload, port, seconds, place] = process.argv.slice(2);
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const heap = () => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
const where = { port: Number(port), isCluster: place === "cluster" };
const result = await measure({ name, workload, where, seconds: Number(seconds), cpu, heap: globalThis.Bun ? null : heap, gc: globalThis.gc });
console.log(JSON.stringify(result));
process.exit(0);
