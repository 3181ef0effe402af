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

import { connect } from "../../src/node.js";
import { freePort, until as untilWithin } from "../checks.mjs";

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

/** A port that is free together with the one of a cluster's bus. */
async function clusterPort() {
  for (;;) {
    const port = await freePort();
    if (port > 55_000) continue;
    const socket = dial(port + 10_000, "127.0.0.1");
    const taken = await once(socket, "connect").then(() => true, () => false);
    socket.destroy();
    if (!taken) return port;
  }
}

/**
 * A cluster of three primaries, each with this number of replicas; returns its nodes, primaries first. `node.ask(...)` sends
 * one command to a node alone.
 */
export async function cluster(t, replicas = 0) {
  const nodes = [];
  for (let number = 0; number < 3 * (1 + replicas); number++) {
    const [dir, port] = [await folder(t), await clusterPort()];
    const args = ["--port", `${port}`, "--dir", dir, "--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--cluster-enabled", "yes"];
    args.push("--cluster-node-timeout", "2000", "--repl-diskless-sync-delay", "0");
    const child = await start(t, process.env.REDIS_SERVER ?? "redis-server", args, port);
    nodes.push({ port, child, url: `redis://127.0.0.1:${port}`, endpoint: `127.0.0.1:${port}` });
  }
  for (const node of nodes) {
    node.own = await connect(node.url, { mode: "single" });
    t.after(() => node.own.disconnect());
    node.ask = (...words) => node.own.send(...words);
  }
  await Promise.all([0, 1, 2].map((n) => nodes[n].ask("CLUSTER", "ADDSLOTSRANGE", Math.ceil((n * 16384) / 3), Math.ceil(((n + 1) * 16384) / 3) - 1)));
  // As redis-cli does. Nodes of equal epoch make their epochs differ after a while, and may take back a slot that has just moved.
  for (const [n, node] of nodes.entries()) await node.ask("CLUSTER", "SET-CONFIG-EPOCH", n + 1);
  for (const { port } of nodes.slice(1)) await nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", port);
  const known = async (word, count) => {
    const all = await Promise.all(nodes.map((node) => node.ask("CLUSTER", "NODES")));
    return all.every((text) => text.trim().split("\n").filter((line) => line.includes(word)).length === count);
  };
  await until(() => known("connected", nodes.length), "all nodes know each other");
  for (const node of nodes.slice(3)) {
    const primary = nodes[nodes.indexOf(node) % 3];
    await node.ask("CLUSTER", "REPLICATE", await primary.ask("CLUSTER", "MYID"));
  }
  await until(() => known("slave", 3 * replicas), "replicas");
  // A replica is in the map from when it has begun to copy; a client that connects before learns of it a minute later.
  const mapped = async () => {
    const all = await Promise.all(nodes.map((node) => node.ask("CLUSTER", "SLOTS")));
    return all.every((ranges) => ranges.every(([, , ...servers]) => servers.length === 1 + replicas));
  };
  await until(mapped, "all replicas are in the maps");
  await until(async () => (await Promise.all(nodes.map((node) => node.ask("CLUSTER", "INFO")))).every((text) => text.includes("cluster_state:ok")), "a cluster that serves");
  return nodes;
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
export const until = (condition, what) => untilWithin(condition, what, SOON);

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
