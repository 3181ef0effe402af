// The package, packed, in the bundlers, frameworks, test runners and compilers that people use, without any advice.
//
//   REDIS=host:port   CHROMIUM=path   REDMUX_GATEWAY=path   node check.mjs [name …]
//
// Prints `ok   set-up: step` or `FAILED set-up: step: why` a line; exits 1 if any failed.

import { rm } from "node:fs/promises";

import { relay } from "../relay.mjs";
import { pages } from "./pages.mjs";
import { pack, work } from "./project.mjs";
import { servers } from "./servers.mjs";
import { types } from "./types.mjs";

const [host, port] = (process.env.REDIS ?? "127.0.0.1:6379").split(":");
const wanted = process.argv.slice(2);
let failed = 0;

await pack();
const gateway = await relay(host, port);
const env = { REDIS_URL: `redis://${host}:${port}`, WS_URL: `ws://127.0.0.1:${gateway.address().port}` };
const site = await pages(env);
try {
  for (const [where, steps] of [...types(), ...servers(env), ...site.setups]) {
    if (wanted.length > 0 && !wanted.some((name) => where.includes(name))) continue;
    for (const [name, action] of steps) {
      const started = performance.now();
      try {
        await action();
        console.log(`ok   ${where}: ${name} (${Math.round(performance.now() - started)} ms)`);
      } catch (error) {
        failed += 1;
        console.log(`FAILED ${where}: ${name}: ${error.stack}`);
      }
    }
  }
} finally {
  await site.close();
  gateway.close();
  gateway.closeAllConnections();
  if (failed === 0) await rm(work, { recursive: true, force: true });
}
process.exit(failed === 0 ? 0 : 1);
