// The package beside other clients: in Node, Deno and Bun over TCP, in Chromium through the gateway.
//
//   node bench.mjs PORT [--cluster PORT] [--in node,node22,node24,cluster,deno,bun,chromium,size,start] [--seconds N] [--rounds N]
//     [--starts N] [--only TEXT]
//
// CHROMIUM and REDMUX_GATEWAY are the programs for a page. Each client runs each workload in a process of its own;
// rounds are interleaved, medians shown. The server on PORT, and the cluster that has a server on the other one, are
// filled with keys. `start` is how each runtime of the list starts. Prints Markdown.

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
    cluster: { type: "string" },
    in: { type: "string", default: "size,start,node,node22,node24,cluster,deno,bun,chromium" },
    starts: { type: "string", default: "15" },
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "" },
  },
});
const port = Number(positionals[0]);
if (!(port > 0)) throw new Error("usage: node bench.mjs PORT [--cluster PORT] [--in LIST] [--seconds N] [--rounds N] [--starts N] [--only TEXT]");
const places = options.in.split(",");
const seconds = Number(options.seconds);
const workloads = Object.keys(WORKLOADS).filter((name) => name.includes(options.only));

/** A program and its words; the young generation is large, so that allocations are seen before they are collected. */
const FLAGS = ["--expose-gc", "--max-semi-space-size=64"];
const ofPackage = (name) => join(import.meta.dirname, "node_modules", name, "bin/node");
const PROGRAMS = {
  node: [process.execPath, ...FLAGS],
  node22: [ofPackage("node22"), ...FLAGS],
  node24: [ofPackage("node24"), ...FLAGS],
  cluster: [process.execPath, ...FLAGS],
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

for (const runtime of places) {
  if (runtime === "size") {
    console.log("\n## Size\n\nBundled and minified by esbuild, with the wasm file.\n");
    console.log("| | bytes | gzip | brotli |\n|---|---:|---:|---:|");
    for (const [name, ...bytes] of await sizes()) console.log(`| ${name} | ${bytes.map(whole).join(" | ")} |`);
  } else if (runtime === "start") {
    console.log("\n## Start and memory\n\nImport, connect and first reply; then resident memory after 100,000 commands, 64 at a time.\n");
    console.log("| runtime | client | ms | × ioredis | CPU ms | × ioredis | MiB | × ioredis |\n|---|---|---:|---:|---:|---:|---:|---:|");
    for (const place of places) if (PROGRAMS[place] && place !== "cluster") await starts(place);
  } else if (runtime === "chromium") {
    const page = await browser({ port, gateway: process.env.REDMUX_GATEWAY, program: process.env.CHROMIUM });
    try {
      await report("Chromium, through the gateway", CLIENTS.chromium, (...of) => page.measure(...of, seconds));
    } finally {
      await page.stop();
    }
  } else {
    const [program, ...words] = PROGRAMS[runtime] ?? [];
    if (!program) throw new Error(`--in: ${runtime} is none of ${["size", "start", ...Object.keys(PROGRAMS), "chromium"].join(", ")}`);
    const isCluster = runtime === "cluster";
    if (isCluster && !options.cluster) throw new Error("--cluster: the port of a server of a cluster is missing");
    const at = isCluster ? [options.cluster, `${seconds}`, "cluster"] : [`${port}`, `${seconds}`];
    const title = `${await shown(runtime)}, ${isCluster ? "a cluster of three primaries" : "over TCP"}`;
    const some = isCluster ? workloads.filter((workload) => /^GET\+SET|^MGET/.test(workload)) : workloads;
    await report(title, CLIENTS[runtime], (name, workload) => run(program, [...words, "run.mjs", name, workload, ...at]), some);
  }
}

/** The name and version of a runtime. */
async function shown(runtime) {
  const { stdout } = await execute(PROGRAMS[runtime][0], ["--version"]);
  return `${runtime.replace(/\d+$|cluster/, "") || "node"} ${/\d+\.\d+\.\d+/.exec(stdout)[0]}`;
}

/** Runs a file of this folder; returns what its last line says. */
async function run(program, words) {
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: "1" };
  // Node reads these certificates before it runs anything.
  delete env.NODE_EXTRA_CA_CERTS;
  const { stdout } = await execute(program, words, { cwd: import.meta.dirname, timeout: 120_000, env });
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

/** How the clients of a runtime start, and what memory they hold. */
async function starts(runtime) {
  const [program, ...words] = PROGRAMS[runtime].filter((word) => !FLAGS.includes(word) && !word.startsWith("--v8-flags"));
  const clients = CLIENTS[runtime].filter((name) => name !== "ioredis-auto");
  const results = new Map(clients.map((name) => [name, []]));
  for (let round = 0; round < Number(options.starts); round++) {
    for (const name of clients) results.get(name).push(await run(program, [...words, "once.mjs", name, `${port}`]));
  }
  const of = (name, field) => median(results.get(name).map((result) => result[field]));
  for (const name of clients) {
    const cells = ["start", "cpu", "memory"].flatMap((field) => [of(name, field).toFixed(0), (of(name, field) / of("ioredis", field)).toFixed(2)]);
    console.log(`| ${name === clients[0] ? await shown(runtime) : ""} | ${name} | ${cells.join(" | ")} |`);
  }
}

/** All workloads in one runtime; ratios are to the best of the others, below 1 is better. */
async function report(title, clients, run, some = workloads) {
  console.log(`\n## ${title}\n`);
  console.log("| workload | client | ops/s | CPU µs/op | × best other | p99 µs | heap B/op |");
  console.log("|---|---|---:|---:|---:|---:|---:|");
  for (const workload of some) {
    const results = new Map(clients.map((name) => [name, []]));
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const name of clients) results.get(name).push(await run(name, workload));
    }
    const of = (name, field) => median(results.get(name).map((result) => result[field]));
    const best = Math.min(...clients.slice(1).map((name) => of(name, "cpu")));
    for (const name of clients) {
      const heap = results.get(name).some(({ heap }) => heap === null) ? "" : whole(of(name, "heap"));
      const cells = [whole(of(name, "operations")), of(name, "cpu").toFixed(2), (of(name, "cpu") / best).toFixed(2)];
      console.log(`| ${name === clients[0] ? workload : ""} | ${name} | ${[...cells, whole(of(name, "p99")), heap].join(" | ")} |`);
    }
  }
}
