// Packages that are written for ioredis, with the clients of `redmux/ioredis` in place of theirs.
//
//   REDIS=host:port   node check.mjs [name …]
//
// Prints `ok   package: step` or `FAILED package: step: why` a line; exits with 1 if any failed. The database 9 is emptied.

import { createRequire } from "node:module";

import { environment, results, step } from "../checks.mjs";
import { bull } from "./bull.mjs";
import { bullmq } from "./bullmq.mjs";
import { limits } from "./limits.mjs";
import { locks } from "./locks.mjs";
import { sessions } from "./sessions.mjs";
import { sockets } from "./sockets.mjs";
import { store } from "./store.mjs";

// The packed forms: `cargo xtask wasm` makes them.
import Redis from "../../esm/ioredis/index.js";

const required = createRequire(import.meta.url)("../../cjs/ioredis.cjs");
const [host, port] = environment("REDIS").REDIS.split(":");
const wanted = process.argv.slice(2);

/** Clients that are open: each step closes its own. */
const open = new Set();
/** @param {object} [options] @param {typeof Redis} [Class] */
function client(options = {}, Class = Redis) {
  const made = new Class({ host, port: Number(port), db: 9, ...options });
  made.on("error", (error) => console.log(`error event: ${error.message}`));
  open.add(made);
  return made;
}

for (const [name, steps] of [bullmq, bull, sessions, limits, store, sockets, locks]) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const [what, action] of steps) {
    const admin = client();
    await admin.flushdb();
    // Half of the packages use the class that is required, so that both forms are tried.
    await step(`${name}: ${what}`, () => action(client, { required }));
    for (const one of open) one.disconnect();
    open.clear();
  }
}
process.exit(results.failures === 0 ? 0 : 1);
