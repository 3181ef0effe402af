// README.md, docs/browser.md, docs/edge.md and the JavaScript of docs/queues.md, each step as written: only ports differ.
//
//   REDIS_SERVER, REDMUX_GATEWAY, CHROMIUM   paths of programs
//
// `node check.mjs readme` follows one of them. Prints `ok   <step>` or `FAILED <step>: why`; exits with 1 if any step failed. What hidden, frozen and offline
// pages do is in ../life-check.mjs, what each runtime does with the package in ../runtimes.

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { check, environment, freePort, results, step } from "../checks.mjs";
import { Document, Place, runtimes } from "./blocks.mjs";
import { followBrowser } from "./browser.mjs";
import { followEdge } from "./edge.mjs";
import { followQueues, followReadme } from "./readme.mjs";

const { REDIS_SERVER, REDMUX_GATEWAY, CHROMIUM } = environment("REDIS_SERVER", "REDMUX_GATEWAY", "CHROMIUM");

// Both were done before this check began.
const BUILT = '[ "$*" = "install --locked --path gateway" ] || [ "$*" = "xtask wasm" ] || { echo "cargo $*?" >&2; exit 1; }';
// As if the packages were in their registries.
const PUBLISHED = {
  cargo: `[ "$*" = "install redmux-gateway" ] || exec ${await path("cargo")} "$@"`,
  npm: `[ "$*" = "install redmux" ] && exec ${await path("npm")} install ../redmux-*.tgz; exec ${await path("npm")} "$@"`,
};

/** The place of a program. */
async function path(program) {
  const { stdout } = await promisify(execFile)("bash", ["--norc", "-c", `command -v ${program}`]);
  return stdout.trim();
}

/** Follows documents in a new folder, with other `ports`. `steps` gets them in their order. */
async function follow(names, wanted, steps, { isExempt, programs = { cargo: BUILT } } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "redmux-docs-"));
  const ports = {};
  for (const port of wanted) ports[port] = await freePort();
  const place = new Place(folder, ports);
  const docs = await Promise.all(names.map((name) => Document.read(name)));
  try {
    await place.prepare({
      ...programs,
      "redis-server": `exec ${REDIS_SERVER} "$@" --save ''`,
      "redis-cli": `exec "$(dirname $(readlink -f $(command -v ${REDIS_SERVER})))/redis-cli" -p ${ports[6379]} "$@"`,
      "redmux-gateway": `exec ${REDMUX_GATEWAY} "$@"`,
      deno: `exec ${join(runtimes, "@deno/linux-x64-glibc/deno")} "$@"`,
      bun: `exec ${join(runtimes, "@oven/bun-linux-x64/bin/bun")} "$@"`,
    });
    await steps(...docs, place, ports);
  } finally {
    place.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  for (const doc of docs) {
    await step(`${doc.name}: every block of code was followed`, async () => {
      const unused = doc.unused(isExempt);
      check(unused.length === 0, `not ${unused.join("; ")}`);
    });
  }
}

/** Each part alone, or all. */
const PARTS = {
  readme: () =>
    follow(["../README.md", "queues.md"], [6379, 8080], async (readme, queues, place, ports) => {
      await followReadme(readme, place, ports, CHROMIUM);
      await followQueues(queues, place);
    }, {
      // The Rust code of the other sections is compiled, and that of queues.md is run, by `tests/documents`.
      isExempt: (heading) => heading !== "## Start",
      programs: PUBLISHED,
    }),
  browser: () =>
    follow(["browser.md"], [6379, 6380, 8080], (doc, place, ports) => followBrowser(doc, place, ports, CHROMIUM), {
      isExempt: (heading) => heading === "## A front-end in Rust",
    }),
  edge: () => follow(["edge.md"], [6379, 6380, 7000, 8787], (doc, place, ports) => followEdge(doc, place, ports, { REDIS_SERVER, REDMUX_GATEWAY })),
};
const only = process.argv[2];
for (const [name, part] of Object.entries(PARTS)) if (only === undefined || only === name) await part();
process.exit(results.failures === 0 ? 0 : 1);
