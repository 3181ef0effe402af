// The base of the checks of a page's life: a site with the package, gateways that can be stopped, a server that can be lost.
//
//   REDMUX_GATEWAY   path of the gateway's program
//   REDMUX_REDIS     host:port of a server

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect as connectTcp, createServer as createTcp } from "node:net";
import { extname, join, normalize } from "node:path";

import { WebSocketServer } from "ws";

import { environment, listening } from "./checks.mjs";

const { REDMUX_GATEWAY, REDMUX_REDIS } = environment("REDMUX_GATEWAY", "REDMUX_REDIS");
const www = join(import.meta.dirname, "..");

/** The package, and pages that note each WebSocket: when it was dialled, how it ended. */
const PAGE = `<!doctype html><title>a page</title><script>
globalThis.dials = [];
const Own = WebSocket;
globalThis.WebSocket = class extends Own {
  constructor(...args) {
    super(...args);
    const dial = { at: performance.now(), code: null, end: null };
    dials.push(dial);
    this.addEventListener("close", ({ code }) => Object.assign(dial, { code, end: performance.now() }));
  }
};
async function start(url, options) {
  const { connect } = await import("/src/index.js");
  globalThis.seen = { failed: [], restored: 0, messages: [], missed: 0, errors: [] };
  globalThis.redis = await connect(url, options);
  redis.on("connectionFailed", ({ message }) => seen.failed.push(message));
  redis.on("connectionRestored", () => (seen.restored += 1));
  await redis.subscribe("life:news", ({ payload }) => seen.messages.push(payload), { onMissed: () => (seen.missed += 1) });
}
</script>`;

/** The package below `/src/` and `/pkg/`, the scenario of all runtimes, and the page at any other path. */
export async function pages() {
  const types = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    response.setHeader("Content-Type", types[extname(path)] ?? "text/html");
    response.end(/^\/(src|pkg)\/|^\/test\/runtimes\/scenario\.mjs$/.test(path) ? readFileSync(join(www, path)) : PAGE);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

/** A gateway that can be stopped and started again on its port. */
export class Gateway {
  #file;
  #child = null;
  port = 0;

  constructor(folder, name, config) {
    this.#file = join(folder, `${name}.toml`);
    this.config = config;
  }

  async start() {
    writeFileSync(this.#file, `[listen]\naddress = "127.0.0.1:${this.port}"\n${this.config}`);
    this.#child = spawn(REDMUX_GATEWAY, ["--config", this.#file, "--quiet"], { stdio: ["ignore", "pipe", "inherit"] });
    this.port = await listening(this.#child);
  }

  /** In order, or as if its machine lost power. */
  async stop(signal = "SIGTERM") {
    const child = this.#child;
    this.#child = null;
    if (child?.kill(signal)) await once(child, "exit");
  }

  /** With another configuration. */
  reload(config) {
    writeFileSync(this.#file, `[listen]\naddress = "127.0.0.1:${this.port}"\n${config}`);
    this.#child.kill("SIGHUP");
  }

  get url() {
    return `ws://127.0.0.1:${this.port}/redis`;
  }
}

/** In front of the server, so that a gateway can lose it. */
export async function upstream() {
  const [host, port] = REDMUX_REDIS.split(":");
  const sockets = new Set();
  const server = createTcp((client) => {
    const behind = connectTcp(Number(port), host);
    for (const [from, to] of [[client, behind], [behind, client]]) {
      sockets.add(from);
      from.on("error", () => {}).on("close", () => to.destroy() && sockets.delete(from));
      from.pipe(to);
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port: own } = server.address();
  return {
    port: own,
    start: () => once(server.listen(own, "127.0.0.1"), "listening"),
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Asks the server something, past every gateway. */
export async function redis(...words) {
  const [host, port] = REDMUX_REDIS.split(":");
  const socket = connectTcp(Number(port), host);
  socket.write(`*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`);
  const [reply] = await once(socket, "data");
  socket.destroy();
  return reply.toString();
}

/** A WebSocket in front of the server that only passes bytes on. */
export async function relay() {
  const [host, port] = REDMUX_REDIS.split(":");
  const server = createServer();
  const sockets = new WebSocketServer({ server, maxPayload: 0 });
  sockets.on("connection", (client) => {
    const behind = connectTcp(Number(port), host);
    const end = () => {
      client.close(1000);
      behind.destroy();
    };
    client.on("message", (bytes) => behind.write(bytes));
    behind.on("data", (bytes) => client.send(bytes));
    for (const side of [client, behind]) side.on("close", end).on("error", end);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { url: `ws://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
