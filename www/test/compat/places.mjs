// The servers of the tables: one server, one with modules, one with TLS, a cluster, and a primary with sentinels.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { connect } from "../../src/node.js";
import { freePort, until } from "../checks.mjs";
import { cluster } from "../live/support.mjs";

const { REDIS_SERVER, REDIS_8, REDIS_STACK, OPENSSL } = process.env;
const SOON = 60_000;

/** What each server holds before each row: the documents say it too. */
export const DATA = [
  ["SET", "k", "v"],
  ["SET", "n", "1"],
  ["HSET", "h", "f", "v", "g", "w"],
  ["RPUSH", "l", "a", "b", "c"],
  ["SADD", "s", "a"],
  ["ZADD", "z", "1", "a", "2", "b"],
  ["XADD", "st", "1-0", "f", "v"],
];

export function servers() {
  const started = [];
  const folders = [];
  const ends = [];
  /** @type {Map<string, Promise<object>>} */
  const made = new Map();

  async function folder() {
    const path = await mkdtemp(join(tmpdir(), "redmux-moves-"));
    folders.push(path);
    return path;
  }

  /** Starts a server on a free port; returns the port. */
  async function start(program, options, port) {
    port ??= await freePort();
    const dir = await folder();
    const args = ["--dir", dir, "--save", "", "--bind", "127.0.0.1", ...(options.includes("--port") ? [] : ["--port", `${port}`]), ...options];
    const child = spawn(program, args, { stdio: "ignore" });
    started.push(child);
    let failed = null;
    child.on("error", (error) => (failed = error));
    for (const end = Date.now() + SOON; ; await sleep(20)) {
      const socket = dial(port, "127.0.0.1");
      const answers = await once(socket, "connect").then(() => true, () => false);
      socket.destroy();
      if (answers) return port;
      if (failed) throw failed;
      if (Date.now() > end) throw new Error(`${program} does not answer`);
    }
  }

  /** A place on which rows run: how programs there name it, and how it is filled. */
  async function place(url, ports, options = {}, more = {}) {
    const admin = await connect(url, options);
    // Whole numbers, once each.
    const numbers = new RegExp(`\\b(?:${Object.keys(ports).join("|")})\\b`, "g");
    return {
      url,
      port: Object.values(ports)[0],
      ports: Object.values(ports),
      options,
      ...more,
      here: (program) => program.replace(numbers, (port) => ports[port]).replace("/tmp/redis.sock", more.socket),
      async reset() {
        await admin.flushAll();
        await Promise.all(DATA.map((words) => admin.send(...words)));
      },
      close: () => admin.disconnect(),
    };
  }

  const kinds = {
    async one() {
      const socket = join(await folder(), "redis.sock");
      const port = await start(REDIS_8, ["--unixsocket", socket]);
      return place(`redis://127.0.0.1:${port}`, { 6379: port }, {}, { socket });
    },
    async modules() {
      const port = await start(REDIS_STACK, []);
      return place(`redis://127.0.0.1:${port}`, { 6379: port });
    },
    async tls() {
      const dir = await folder();
      const [key, cert] = ["key.pem", "cert.pem"].map((name) => join(dir, name));
      const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
      execFileSync(OPENSSL, ["req", "-x509", ...curve, "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], { stdio: "ignore" });
      const [port, plain] = [await freePort(), await freePort()];
      await start(REDIS_SERVER, ["--tls-port", `${port}`, "--port", `${plain}`, "--tls-key-file", key, "--tls-cert-file", cert, "--tls-auth-clients", "no"], port);
      const ca = await readFile(cert, "utf8");
      return place(`rediss://localhost:${port}?family=4`, { 6379: port }, { tls: { ca } }, { ca });
    },
    async cluster() {
      const [{ port }] = await cluster({ after: (action) => ends.push(action) });
      return place(`redis+cluster://127.0.0.1:${port}`, { 7000: port });
    },
    async sentinel() {
      const [port, own] = [await start(REDIS_SERVER, ["--repl-diskless-sync-delay", "0"]), await freePort()];
      const replica = await connect(`redis://127.0.0.1:${await start(REDIS_SERVER, ["--replicaof", `127.0.0.1 ${port}`])}`, { mode: "single" });
      await until(async () => (await replica.info("replication")).includes("master_link_status:up"), "a replica", SOON);
      replica.disconnect();
      const config = join(await folder(), "sentinel.conf");
      await writeFile(config, `port ${own}\nbind 127.0.0.1\nsentinel monitor mymaster 127.0.0.1 ${port} 1\n`);
      started.push(spawn(REDIS_SERVER, [config, "--sentinel"], { stdio: "ignore" }));
      const options = { mode: "sentinel", serviceName: "mymaster", connectRetry: 100 };
      const found = await place([`127.0.0.1:${own}`], { 26379: own }, options);
      return { ...found, ports: [own], port };
    },
  };

  return {
    get(kind) {
      if (!made.has(kind)) made.set(kind, kinds[kind]());
      return made.get(kind);
    },
    async stop() {
      for (const one of made.values()) (await one.catch(() => null))?.close();
      await Promise.all(
        started.map(async (child) => {
          const gone = child.exitCode !== null || child.signalCode !== null || once(child, "exit");
          child.kill("SIGKILL");
          await gone;
        }),
      );
      for (const end of ends.reverse()) await end();
      await Promise.all(folders.map((path) => rm(path, { recursive: true, force: true })));
    },
  };
}
