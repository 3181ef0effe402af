// Runs each example of this folder as a stranger would, against a server.
//
//   REDIS_SERVER=path   EXAMPLES=folder of the built programs   node check.mjs
//
// Prints `ok   <step>` or `FAILED <step>: why`; exits with 1 if any step failed.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { check, environment, freePort, results, step, until, untilStatus } from "../../www/test/checks.mjs";

const { REDIS_SERVER, EXAMPLES } = environment("REDIS_SERVER", "EXAMPLES");
const LIMIT = 20_000;
const started = new Set();

/** A program whose lines can be waited for */
class Program {
  #lines = [];

  constructor(path, args) {
    this.child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"] });
    started.add(this.child);
    for (const output of [this.child.stdout, this.child.stderr]) {
      createInterface({ input: output }).on("line", (line) => this.#lines.push(line));
    }
    this.ended = once(this.child, "exit").then(([code, signal]) => {
      started.delete(this.child);
      return code ?? signal;
    });
  }

  /** The first line that matches. */
  async line(pattern) {
    const end = Date.now() + LIMIT;
    for (;;) {
      const found = this.#lines.map((line) => line.match(pattern)).find((match) => match);
      if (found) return found;
      if (Date.now() > end || this.child.exitCode !== null) {
        throw new Error(`no line ${pattern}, exit code ${this.child.exitCode}: ${this.#lines.join("; ")}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  count(pattern) {
    return this.#lines.filter((line) => pattern.test(line)).length;
  }

  stop(signal = "SIGINT") {
    this.child.kill(signal);
    return this.ended;
  }
}

async function redis(port) {
  const server = new Program(REDIS_SERVER, ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
  await server.line(/Ready to accept connections/);
  return server;
}

/** Starts an example that serves HTTP; returns it with its address. */
async function serve(name, port, ...more) {
  const program = new Program(join(EXAMPLES, `redmux-example-${name}`), [`127.0.0.1:${port}`, "127.0.0.1:0", ...more]);
  const [, url] = await program.line(/^(http:\/\/\S+)$/);
  return { program, url };
}

const get = (url, init = {}) => fetch(url, { redirect: "manual", signal: AbortSignal.timeout(LIMIT), ...init });
const post = (url, body, type = "text/plain") => get(url, { method: "POST", body, headers: { "content-type": type } });
const same = (got, wanted, what) =>
  check(JSON.stringify(got) === JSON.stringify(wanted), `${what}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);

async function axum(port, server) {
  const { program, url } = await serve("axum", port);
  const link = (name, target) => post(`${url}/links`, JSON.stringify({ name, url: target }), "application/json");
  await step("axum: a link is made once", async () => {
    same((await link("docs", "https://example.org/docs")).status, 201, "first");
    same((await link("docs", "https://example.org/other")).status, 409, "again");
  });
  await step("axum: it leads to its target, and visits are counted", async () => {
    for (let visit = 0; visit < 3; visit++) {
      const reply = await get(`${url}/to/docs`);
      same([reply.status, reply.headers.get("location")], [307, "https://example.org/docs"], "visit");
    }
    same((await get(`${url}/to/none`)).status, 404, "unknown link");
    same(await (await get(`${url}/links/docs`)).json(), { url: "https://example.org/docs", visits: 3 }, "link");
  });
  await step("axum: it says that Redis is away, and goes on when it is back", async () => {
    same((await get(`${url}/health`)).status, 200, "health");
    await server.stop("SIGKILL");
    await untilStatus(503, () => get(`${url}/health`));
    const again = await redis(port);
    await untilStatus(200, () => get(`${url}/health`));
    same((await link("new", "https://example.org/new")).status, 201, "link");
    server = again;
  });
  await step("axum: it ends in order", async () => same(await program.stop(), 0, "exit code"));
  return server;
}

async function actix(port, server) {
  const [one, two] = [await serve("actix", port, "3"), await serve("actix", port, "3")];
  await step("actix: two instances count together", async () => {
    const replies = [await get(one.url), await get(two.url), await get(one.url), await get(two.url)];
    same(replies.map((reply) => reply.status), [200, 200, 200, 429], "statuses");
    same(replies.slice(0, 3).map((reply) => reply.headers.get("x-ratelimit-remaining")), ["2", "1", "0"], "left");
    const wait = Number(replies[3].headers.get("retry-after"));
    check(wait >= 1 && wait <= 10, `retry-after: ${wait}`);
  });
  await step("actix: without Redis nobody is stopped", async () => {
    await server.stop("SIGKILL");
    await untilStatus(200, () => get(one.url));
    await one.program.line(/EVALSHA/);
  });
  await step("actix: both end in order", async () => {
    same([await one.program.stop(), await two.program.stop()], [0, 0], "exit codes");
  });
  return redis(port);
}

async function tide(port) {
  const { program, url } = await serve("tide", port);
  await step("tide: what is said in a room is heard there, by all", async () => {
    const listeners = await Promise.all([0, 1].map(() => get(`${url}/rooms/blue`)));
    const heard = listeners.map((reply) => events(reply.body));
    for (const listener of heard) same((await listener.next()).value, "listening", "first event");
    for (const [room, text] of [["blue", "hello"], ["green", "nobody here"], ["blue", "again"]]) {
      same((await post(`${url}/rooms/${room}`, text)).status, 204, text);
    }
    for (const listener of heard) {
      same([(await listener.next()).value, (await listener.next()).value], ["message hello", "message again"], "messages");
      await listener.return();
    }
  });
  await program.stop();
}

/** What a stream of server-sent events says, as `event data`. */
async function* events(body) {
  let text = "";
  for await (const part of body.pipeThrough(new TextDecoderStream())) {
    text += part;
    for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
      const fields = text.slice(0, end).split("\n").map((line) => line.split(/: ?/));
      const of = (name) => fields.filter(([key]) => key === name).map(([, value]) => value).join("\n");
      yield `${of("event")} ${of("data")}`.trim();
    }
  }
}

async function queue(port) {
  const run = (...args) => new Program(join(EXAMPLES, "redmux-example-queue"), [`127.0.0.1:${port}`, ...args]);
  await step("queue: two workers do each job once", async () => {
    same(await run("add", ...Array.from({ length: 20 }, (_, n) => `job ${n}.`)).ended, 0, "exit code of add");
    const workers = [run("work"), run("work")];
    for (const worker of workers) await worker.line(/waits for jobs/);
    const done = (n) => workers.reduce((sum, worker) => sum + worker.count(new RegExp(`^done: job ${n}\\.$`)), 0);
    await until(() => Array.from({ length: 20 }, (_, n) => done(n)).every((count) => count > 0), "every job");
    same(Array.from({ length: 20 }, (_, n) => done(n)), Array(20).fill(1), "how often each was done");
    for (const worker of workers) same(await worker.stop(), 0, "exit code of a worker");
  });
  await step("queue: a job that fails is not lost", async () => {
    const worker = run("work");
    await worker.line(/waits for jobs/);
    same(await run("add", "!impossible", "possible").ended, 0, "exit code of add");
    await worker.line(/^\d+-\d+: that cannot be done$/);
    await worker.line(/^done: possible$/);
    same(await worker.stop(), 0, "exit code");
    check(worker.count(/impossible/) === 0, "a job that failed is printed as done");
  });
}

const port = await freePort();
let server = await redis(port);
try {
  server = await axum(port, server);
  server = await actix(port, server);
  await tide(port);
  await queue(port);
} finally {
  for (const child of started) child.kill("SIGKILL");
}
process.exit(results.failures === 0 ? 0 : 1);
