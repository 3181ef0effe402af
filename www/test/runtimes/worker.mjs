// examples/worker in workerd: all requests share the client of a Durable Object.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { connect } from "../../src/node.js";
import { check, freePort, untilStatus } from "../checks.mjs";

const execute = promisify(execFile);
const SOON = 20_000;

/** Builds and runs the example in a copy, which gets the project's packages; returns what was tried. */
export async function workerExample({ example, project, bin, workerd, redisServer }) {
  const folder = join(project, "example-worker");
  await cp(example, folder, { recursive: true });
  await symlink(join(project, "node_modules"), join(folder, "node_modules"));
  const results = [];
  const step = async (name, action) => {
    const error = await action().then(() => undefined, (error) => error.message);
    results.push({ name: `the example with a Durable Object: ${name}`, error });
  };
  const [redisPort, port] = [await freePort(), await freePort()];
  const start = () => spawn(redisServer, ["--port", redisPort, "--bind", "127.0.0.1", "--save", "", "--dir", folder]);
  const REDIS_URL = `redis://127.0.0.1:${redisPort}`;
  const get = async (path) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(SOON) });
    const text = await response.text();
    return { status: response.status, body: response.ok ? JSON.parse(text) : text };
  };
  /** It may not be listening yet. */
  const until = (status, path) => untilStatus(status, () => get(path).catch((error) => ({ status: error.message })));
  let [redis, server] = [start()];
  try {
    await step("it is built", async () => {
      const build = JSON.parse(await readFile(join(folder, "package.json"), "utf8")).scripts.build;
      await execute("sh", ["-c", build], { cwd: folder, env: { ...process.env, PATH: `${bin}:${process.env.PATH}` } });
      const config = join(folder, "config.capnp");
      const text = await readFile(config, "utf8");
      check(text.includes("127.0.0.1:8787"), "config.capnp has another address");
      await writeFile(config, text.replace("127.0.0.1:8787", `127.0.0.1:${port}`));
      server = spawn(workerd, ["serve", "config.capnp"], { cwd: folder, env: { ...process.env, REDIS_URL } });
      server.stderr.on("data", () => {});
      await until(200, "/first");
    });
    await step("a hundred requests at a time count each visit, over one connection", async () => {
      const visits = await Promise.all(Array.from({ length: 100 }, (_, n) => get(`/page${n % 4}`)));
      check(visits.every(({ status }) => status === 200), JSON.stringify(visits.find(({ status }) => status !== 200)));
      for (const page of [0, 1, 2, 3]) {
        const counts = visits.filter(({ body }) => body.page === `/page${page}`).map(({ body }) => body.visits);
        check(counts.sort((a, b) => a - b).join() === Array.from({ length: 25 }, (_, n) => n + 1).join(), `${counts}`);
      }
      const operator = await connect(REDIS_URL);
      const clients = await operator.send("CLIENT", "LIST");
      await operator.close();
      const counters = clients.split("\n").filter((line) => line.includes("name=counters"));
      check(counters.length === 1, `${counters.length} connections`);
      check((await get("/ranking")).body.length === 5, "the ranking has not every page");
    });
    await step("Redis away and back", async () => {
      redis.kill("SIGKILL");
      await once(redis, "exit");
      await until(503, "/page0");
      redis = start();
      await until(200, "/page0");
    });
  } finally {
    server?.kill();
    redis.kill();
  }
  return results;
}
