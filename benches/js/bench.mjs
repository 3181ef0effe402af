// The package beside ioredis and node-redis, in Node over TCP:
//
//   node bench.mjs PORT [--seconds N] [--rounds N] [--only TEXT]
//
// Each client runs each workload in a process of its own; rounds are interleaved, medians shown. The server on PORT
// is emptied.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { CLIENTS } from "./clients.mjs";
import { WORKLOADS } from "./workloads.mjs";

const execute = promisify(execFile);
const args = process.argv.slice(2);
const option = (name, usual) => {
  const at = args.indexOf(name);
  return at < 0 ? usual : args[at + 1];
};
const port = Number(args[0]);
if (!(port > 0)) throw new Error("usage: node bench.mjs PORT [--seconds N] [--rounds N] [--only TEXT]");
const seconds = Number(option("--seconds", 2));
const rounds = Number(option("--rounds", 3));
const only = option("--only", "");

const filler = new Redis({ port, host: "127.0.0.1" });
const fields = Array.from({ length: 100 }, (_, n) => [`field${n}`, "x".repeat(16)]);
await filler.hset("hash", Object.fromEntries(fields));
filler.disconnect();

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

for (const workload of Object.keys(WORKLOADS).filter((name) => name.includes(only))) {
  const results = new Map(CLIENTS.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of CLIENTS) {
      const words = ["--expose-gc", join(import.meta.dirname, "run.mjs"), name, workload, `${port}`, `${seconds}`];
      const { stdout } = await execute(process.execPath, words, { timeout: 120_000 });
      results.get(name).push(JSON.parse(stdout));
    }
  }
  console.log(`\n### ${workload}\n`);
  console.log("| | ops/s | CPU µs/op | user | p50 µs | p99 µs | RSS MiB | start ms |");
  console.log("|---|---:|---:|---:|---:|---:|---:|---:|");
  for (const name of CLIENTS) {
    const of = (field) => median(results.get(name).map((result) => result[field]));
    const row = [
      Math.round(of("operations")).toLocaleString("en"),
      of("cpu").toFixed(2),
      of("user").toFixed(2),
      of("p50").toFixed(0),
      of("p99").toFixed(0),
      (of("rss") / 2 ** 20).toFixed(0),
      of("startUp").toFixed(0),
    ];
    console.log(`| ${name} | ${row.join(" | ")} |`);
  }
  const cpu = (name) => median(results.get(name).map((result) => result.cpu));
  const best = Math.min(...CLIENTS.slice(1).map(cpu));
  console.log(`\nCPU per operation: ${(cpu("redmux") / best).toFixed(2)} × the best rival.`);
}
