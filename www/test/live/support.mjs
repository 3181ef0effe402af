// Servers for the tests in this folder, one for each test.
//
//   REDIS_SERVER     path of a Redis server; without it `redis-server` is looked for
//   REDMUX_GATEWAY   path of the gateway's program

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { freePort } from "../checks.mjs";

/** Long enough for a machine that is busy. */
const SOON = 120_000;

setFlagsFromString("--expose-gc");
export const collectGarbage = runInNewContext("gc");

/** Starts a program that serves a port; returns the process, which is killed after the test. */
async function start(t, program, args, port) {
  const child = spawn(program, args, { stdio: "ignore" });
  const failed = once(child, "error").then(([error]) => Promise.reject(error));
  t.after(async () => {
    const gone = child.exitCode !== null || child.signalCode !== null || once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  });
  await Promise.race([answering(port), failed]);
  return child;
}

async function answering(port) {
  const until = Date.now() + SOON;
  for (;;) {
    const socket = dial(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      await sleep(20);
    } finally {
      socket.destroy();
    }
  }
}

async function folder(t) {
  const path = await mkdtemp(join(tmpdir(), "redmux-live-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A Redis server; `again()` starts it again on its port after it was killed. */
export async function redis(t) {
  const dir = await folder(t);
  const port = await freePort();
  const args = ["--port", `${port}`, "--dir", dir, "--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--enable-debug-command", "yes"];
  // The server keeps everything unread: these tests are about what the client loses.
  args.push("--client-output-buffer-limit", "pubsub 0 0 0");
  const server = { port, url: `redis://127.0.0.1:${port}` };
  server.again = async () => {
    server.child = await start(t, process.env.REDIS_SERVER ?? "redis-server", args, port);
  };
  await server.again();
  return server;
}

/** A gateway in front of a server; returns its URL. */
export async function gateway(t, server) {
  const port = await freePort();
  await start(t, process.env.REDMUX_GATEWAY, ["--upstream", `127.0.0.1:${server.port}`, "--listen", `127.0.0.1:${port}`, "--allow-no-origin", "--quiet"], port);
  return `ws://127.0.0.1:${port}/redis`;
}

/** Every command that the server gets, one line each, from when this resolves. */
export async function monitor(t, { port }) {
  const socket = dial(port, "127.0.0.1").setEncoding("utf8");
  t.after(() => socket.destroy());
  const lines = [];
  let text = "";
  const started = new Promise((resolve) => {
    socket.on("data", (data) => {
      text += data;
      const all = text.split("\r\n");
      text = all.pop();
      lines.push(...all);
      resolve();
    });
  });
  socket.write("MONITOR\r\n");
  await started;
  return lines;
}

/** Resolves when `condition()` is true. */
export async function until(condition, what) {
  const end = Date.now() + SOON;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`in vain: ${what}`);
    await sleep(10);
  }
}

/** Whole numbers below a bound, the same ones for a seed (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/**
 * Runs a script of a few lines, which has `connect` and `url`, in a new process; returns its output.
 * The script has to end.
 */
export async function program(t, url, lines) {
  const entry = new URL("../../src/node.js", import.meta.url);
  const script = `import { connect } from ${JSON.stringify(entry)}; const url = ${JSON.stringify(url)}; ${lines}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let out = "";
  let err = "";
  child.stdout.on("data", (data) => (out += data));
  child.stderr.on("data", (data) => (err += data));
  const late = setTimeout(() => child.kill("SIGKILL"), SOON);
  const [code, signal] = await once(child, "close");
  clearTimeout(late);
  if (code !== 0) throw new Error(`the program ended with ${code ?? signal}: ${out}${err}`);
  return { out, err };
}
