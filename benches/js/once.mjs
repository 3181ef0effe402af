// One start of a program, in a process of its own: `once.mjs CLIENT PORT`. Prints one line of JSON: milliseconds and CPU from
// the import to the first reply, and resident memory after 100,000 commands, 64 at a time.

import process from "node:process";

import { open } from "./clients.mjs";

const COMMANDS = 100_000;
const TASKS = 64;

const [name, port] = process.argv.slice(2);
const [begun, used] = [performance.now(), process.cpuUsage()];
const client = await open(name, { port: Number(port) });
await client.get("nothing");
const start = performance.now() - begun;
const { user, system } = process.cpuUsage(used);

const value = "x".repeat(64);
let left = COMMANDS;
async function task() {
  while (left-- > 0) {
    if (left % 2 === 0) await client.set(`key:${left % 1000}`, value);
    else await client.get(`key:${left % 1000}`);
  }
}
await Promise.all(Array.from({ length: TASKS }, task));
console.log(JSON.stringify({ start, cpu: (user + system) / 1000, memory: process.memoryUsage().rss / (1 << 20) }));
process.exit(0);
