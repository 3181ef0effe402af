// The package beside other clients: in Node, Deno and Bun over TCP, in Chromium through the gateway.
//
//   node bench.mjs PORT [--in node,deno,bun,chromium] [--seconds N] [--rounds N] [--only TEXT]
//
// CHROMIUM and REDMUX_GATEWAY are the programs for a page. Each client runs each workload in a process of its own;
// rounds are interleaved, medians shown. The server on PORT is filled with keys. Prints Markdown.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { Redis } from "ioredis";

import { browser } from "./chromium.mjs";
import { CLIENTS } from "./clients.mjs";
import { sizes } from "./size.mjs";
import { WORKLOADS } from "./workloads.mjs";

const execute = promisify(execFile);
const runtimes = join(import.meta.dirname, "../../www/test/runtimes/node_modules");
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    in: { type: "string", default: "node,deno,bun,chromium" },
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "" },
  },
});
const port = Number(positionals[0]);
if (!(port > 0)) throw new Error("usage: node bench.mjs PORT [--in node,deno,bun,chromium] [--seconds N] [--rounds N] [--only TEXT]");
const seconds = Number(options.seconds);
const workloads = Object.keys(WORKLOADS).filter((name) => name.includes(options.only));

/** A program and its words; the young generation is large, so that allocations are seen before they are collected. */
const PROGRAMS = {
  node: [process.execPath, "--expose-gc", "--max-semi-space-size=64"],
  deno: [join(runtimes, "@deno/linux-x64-glibc/deno"), "run", "--quiet", "--no-lock", "--node-modules-dir=manual", "-A",
    "--v8-flags=--expose-gc,--max-semi-space-size=64"],
  bun: [join(runtimes, "@oven/bun-linux-x64/bin/bun"), "--expose-gc"],
};

const filler = new Redis({ port, host: "127.0.0.1" });
const fields = Array.from({ length: 100 }, (_, n) => [`field${n}`, "x".repeat(16)]);
await filler.hset("hash", Object.fromEntries(fields));
filler.disconnect();

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const whole = (number) => Math.round(number).toLocaleString("en");

console.log("\n## Size\n\nBundled and minified by esbuild, with the wasm file.\n");
console.log("| | bytes | gzip | brotli |\n|---|---:|---:|---:|");
for (const [name, ...bytes] of await sizes()) console.log(`| ${name} | ${bytes.map(whole).join(" | ")} |`);

for (const runtime of options.in.split(",")) {
  if (runtime === "chromium") {
    const page = await browser({ port, gateway: process.env.REDMUX_GATEWAY, program: process.env.CHROMIUM });
    try {
      await report("Chromium, through the gateway", CLIENTS.chromium, (...of) => page.measure(...of, seconds));
    } finally {
      await page.stop();
    }
  } else {
    const [program, ...words] = PROGRAMS[runtime] ?? [];
    if (!program) throw new Error(`--in: ${runtime} is none of node, deno, bun, chromium`);
    const { stdout } = await execute(program, ["--version"]);
    const version = /\d+\.\d+\.\d+/.exec(stdout)[0];
    await report(`${runtime} ${version}, over TCP`, CLIENTS[runtime], async (name, workload) => {
      const given = [...words, join(import.meta.dirname, "run.mjs"), name, workload, `${port}`, `${seconds}`];
      const { stdout } = await execute(program, given, { timeout: 120_000, env: { ...process.env, DENO_NO_UPDATE_CHECK: "1" } });
      return JSON.parse(stdout.trim().split("\n").at(-1));
    });
  }
}

/** All workloads in one runtime; ratios are to the best of the others, below 1 is better. */
async function report(title, clients, run) {
  console.log(`\n## ${title}\n`);
  console.log("| workload | client | ops/s | CPU µs/op | × best other | p99 µs | heap B/op |");
  console.log("|---|---|---:|---:|---:|---:|---:|");
  const starts = new Map(clients.map((name) => [name, []]));
  for (const workload of workloads) {
    const results = new Map(clients.map((name) => [name, []]));
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const name of clients) results.get(name).push(await run(name, workload));
    }
    const of = (name, field) => median(results.get(name).map((result) => result[field]));
    const best = Math.min(...clients.slice(1).map((name) => of(name, "cpu")));
    for (const name of clients) {
      starts.get(name).push(...results.get(name).map(({ startUp }) => startUp));
      const heap = results.get(name).some(({ heap }) => heap === null) ? "" : whole(of(name, "heap"));
      const cells = [whole(of(name, "operations")), of(name, "cpu").toFixed(2), (of(name, "cpu") / best).toFixed(2)];
      console.log(`| ${name === clients[0] ? workload : ""} | ${name} | ${[...cells, whole(of(name, "p99")), heap].join(" | ")} |`);
    }
  }
  const start = clients.map((name) => `${name} ${median(starts.get(name)).toFixed(0)} ms`);
  console.log(`\nImport, connect and first reply: ${start.join(", ")}.`);
}
