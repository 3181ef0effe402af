// The modules against Redis Stack, in both protocols, over TCP in Node.
//
//   REDIS_STACK=program   node check.mjs
//
// Prints `ok   module RESP2` or `FAILED module RESP2: why` a line; exits 1 if any failed.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect } from "../../src/node.js";
import { freePort } from "../checks.mjs";

const LIMIT = 20_000;
const dir = await mkdtemp(join(tmpdir(), "redmux-modules-"));
const port = await freePort();
const server = spawn(process.env.REDIS_STACK, ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", dir, "--save", ""], { stdio: "ignore" });
const gone = new Promise((resolve) => server.on("exit", resolve).on("error", resolve));
let failed = 0;

try {
  const modules = (await readdir(new URL("live/", import.meta.url))).sort();
  assert.ok(modules.length > 0);
  for (const protocol of [2, 3]) {
    for (const file of modules) {
      const name = `${file.replace(".mjs", "")} RESP${protocol}`;
      const redis = await connect(`redis://127.0.0.1:${port}`, { protocol, connectRetry: LIMIT / 50, reconnect: () => 50 });
      try {
        await redis.flushAll();
        await (await import(new URL(`live/${file}`, import.meta.url))).run(redis, `redis://127.0.0.1:${port}`, protocol);
        console.log(`ok   ${name}`);
      } catch (error) {
        failed += 1;
        console.log(`FAILED ${name}: ${error.stack}`);
      } finally {
        await redis.close();
      }
    }
  }
} finally {
  server.kill("SIGKILL");
  await gone;
  await rm(dir, { recursive: true, force: true });
}
process.exit(failed === 0 ? 0 : 1);
