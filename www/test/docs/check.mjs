// docs/browser.md and docs/edge.md, each step as written: only ports differ.
//
//   REDIS_SERVER, REDMUX_GATEWAY, CHROMIUM   paths of programs
//
// Prints `ok   <step>` or `FAILED <step>: why`; exits with 1 if any step failed. What hidden, frozen and offline
// pages do is in ../life-check.mjs, what each runtime does with the package in ../runtimes.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { check, environment, freePort, results, step } from "../checks.mjs";
import { Document, Place, runtimes } from "./blocks.mjs";
import { followBrowser } from "./browser.mjs";
import { followEdge } from "./edge.mjs";

const { REDIS_SERVER, REDMUX_GATEWAY, CHROMIUM } = environment("REDIS_SERVER", "REDMUX_GATEWAY", "CHROMIUM");

/** Follows a document in a new folder, with other `ports`. */
async function follow(name, wanted, steps, exempt) {
  const folder = await mkdtemp(join(tmpdir(), "redmux-docs-"));
  const ports = {};
  for (const port of wanted) ports[port] = await freePort();
  const place = new Place(folder, ports);
  const doc = await Document.read(name);
  try {
    await place.prepare({
      // Both were done before this check began.
      cargo: '[ "$*" = "install --locked --path gateway" ] || [ "$*" = "xtask wasm" ] || { echo "cargo $*?" >&2; exit 1; }',
      "redis-server": `exec ${REDIS_SERVER} "$@" --save ''`,
      "redis-cli": `exec "$(dirname $(readlink -f $(command -v ${REDIS_SERVER})))/redis-cli" -p ${ports[6379]} "$@"`,
      "redmux-gateway": `exec ${REDMUX_GATEWAY} "$@"`,
      deno: `exec ${join(runtimes, "@deno/linux-x64-glibc/deno")} "$@"`,
      bun: `exec ${join(runtimes, "@oven/bun-linux-x64/bin/bun")} "$@"`,
    });
    await steps(doc, place, ports);
  } finally {
    place.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  await step(`${name}: every block of code was followed`, async () => {
    const unused = doc.unused(exempt);
    check(unused.length === 0, `not ${unused.join("; ")}`);
  });
}

await follow("browser.md", [6379, 6380, 8080], (doc, place, ports) => followBrowser(doc, place, ports, CHROMIUM), "## A front-end in Rust");
await follow("edge.md", [6379, 6380, 7000, 8787], (doc, place, ports) => followEdge(doc, place, ports, { REDIS_SERVER, REDMUX_GATEWAY }));
process.exit(results.failures === 0 ? 0 : 1);
