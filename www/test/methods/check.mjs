// Every method against real servers, in both protocols, over TCP in Node.
//
//   REDIS_7=program   REDIS_8=program   REDIS_8_10=program   VALKEY_9=program   node check.mjs
//
// Prints `ok   server: section` or `FAILED server: section: why` a line; exits 1 if any failed. A method
// is left out only on a server that says that it does not know the command, or is older than the
// version that its case names; each has to have been called on some server in both protocols.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { COMMANDS } from "../../src/commands.js";
import { connect, ServerError } from "../../src/node.js";
import { nameOf } from "../../types/generate.mjs";
import { freePort } from "../checks.mjs";
import { SECTIONS } from "./cases.mjs";
import { atLeast, SINCE, undocumented, unoffered } from "./manual.mjs";
import { ARRAYS, calls, DATA, VECTORS } from "./modifiers.mjs";

const { REDIS_7 = "redis-server", REDIS_8, REDIS_8_10, VALKEY_9 } = process.env;
const METHODS = new Map(COMMANDS.map((spec) => [spec.method, spec]));
const LIMIT = 20_000;

let failed = 0;
/** `method/protocol` of each call. */
const called = new Set();
/** `method modifier` of each call. */
const tried = new Set();

async function report(name, check) {
  try {
    await check();
    console.log(`ok   ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}: ${error.message}`);
  }
}

/** A server with its own configuration file and users, while `use(url)` runs. */
async function withServer(program, use) {
  const dir = await mkdtemp(join(tmpdir(), "redmux-methods-"));
  try {
    await writeFile(join(dir, "users.acl"), "");
    const { server, url } = await start(program, dir);
    try {
      await use(url);
    } finally {
      server.kill("SIGKILL");
      await server.ended;
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Tries other ports, if another program takes one before the server does. */
async function start(program, dir, attempts = 5) {
  const port = await freePort();
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir "${dir}"`,
    `aclfile "${dir}/users.acl"`,
    'save ""',
    "enable-debug-command yes",
  ];
  await writeFile(join(dir, "server.conf"), `${lines.join("\n")}\n`);
  const server = spawn(program, [join(dir, "server.conf")], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  server.stdout.on("data", (text) => (said += text));
  server.ended = new Promise((resolve) => server.on("close", resolve).on("error", resolve));
  const ended = server.ended.then((error) => `${program} ended: ${error}\n${said}`);
  const url = `redis://127.0.0.1:${port}`;
  const client = await Promise.race([connect(url, { connectRetry: 200 }), ended]).catch((error) => {
    server.kill("SIGKILL");
    throw error;
  });
  if (typeof client !== "string") {
    await client.close();
    return { server, url };
  }
  if (attempts > 1 && said.includes("in use")) return start(program, dir, attempts - 1);
  throw new Error(client);
}

async function runs(url, protocol) {
  const redis = await connect(url, { protocol, clientName: "methods", commandTimeout: LIMIT });
  try {
    await check(redis, url, protocol);
  } finally {
    await redis.close();
  }
}

async function check(redis, url, protocol) {
  const info = await redis.info("server");
  const product = info.includes("valkey_version:") ? "valkey" : "redis";
  const version = info.match(new RegExp(`${product}_version:(\\S+)`))[1];
  const where = `${product} ${version} RESP${protocol}`;
  const names = [...new Set(COMMANDS.map((spec) => nameOf(spec).toLowerCase().replace(" ", "|")))];
  const known = new Set(
    (await redis.commandInfo(...names)).filter(Boolean).map(({ name }) => name.toLowerCase()),
  );

  const knows = (spec) => known.has(nameOf(spec).toLowerCase().replace(" ", "|"));

  for (const [section, cases] of Object.entries(SECTIONS)) {
    await report(`${where}: ${section}`, async () => {
      await redis.flushAll();
      await idle(redis);
      for (const [method, args, wanted, servers] of cases) {
        const spec = METHODS.get(method);
        if (spec && !knows(spec)) continue;
        if (servers && !(servers[product] && atLeast(version, servers[product]))) continue;
        if (spec) called.add(`${method}/${protocol}`);
        const given = [];
        for (const arg of args) given.push(await resolve(redis, arg));
        const call = typeof method === "function" ? method(redis, url) : redis[method](...given);
        const got = await call.catch((error) => error);
        judge(`${method}(${JSON.stringify(args, shown)})`, got, wanted);
      }
    });
  }
  await report(`${where}: words that the server's manual does not have`, async () => {
    assert.equal(undocumented(await redis.commandDocs(), product, version).join(", "), "");
  });
  await report(`${where}: words of the manual that the methods do not have`, async () => {
    assert.equal(unoffered(await redis.commandDocs()).join(", "), "");
  });
  await report(`${where}: modifiers`, async () => {
    for (const { spec, name, args } of calls()) {
      const newer = [name, ...spec.parts].some((word) => {
        const since = SINCE[`${nameOf(spec)} ${word}`];
        return since && !(since[product] && atLeast(version, since[product]));
      });
      if (newer || !knows(spec)) continue;
      await idle(redis);
      await redis.flushAll();
      if (spec.command === "HOTKEYS") await redis.hotkeysStop();
      for (const [method, given] of [...DATA, ...(known.has("arset") ? ARRAYS : []), ...(known.has("vadd") ? VECTORS : [])])
        await redis[method](...given);
      const given = [];
      for (const arg of args) given.push(await resolve(redis, arg));
      const got = await redis[spec.method](...given).catch((error) => error);
      tried.add(`${spec.method} ${name}`);
      assert.ok(!(got instanceof Error), `${spec.method} with ${name} gave ${text(got)}`);
    }
  });
  await report(`${where}: iterators`, () =>
    iterators(redis, atLeast(info.match(/redis_version:(\S+)/)[1], "7.4") || product === "valkey"),
  );
  await report(`${where}: queues`, () => queues(redis));
  await report(`${where}: scripts`, () => scripts(redis));
}

/** Waits until the server neither saves nor rewrites in the background. */
async function idle(redis) {
  while (/(rdb_bgsave|aof_rewrite)_(in_progress|scheduled):1/.test(await redis.info("persistence"))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** An argument, or the result of the method of its name: a value must be dumped before it is restored. */
async function resolve(redis, arg) {
  if (arg?.dump !== undefined) return redis.dump(arg.dump);
  if (arg?.functionDump !== undefined) return redis.functionDump();
  return arg;
}

function judge(what, got, wanted) {
  if (wanted?.fails) {
    assert.ok(got instanceof ServerError && got.serverCode === wanted.fails, `${what} gave ${text(got)}`);
  } else if (typeof wanted === "function") {
    let right = false;
    try {
      right = wanted(got) === true;
    } catch (error) {
      assert.fail(`${what} gave ${text(got)}: ${error.message}`);
    }
    assert.ok(right, `${what} gave ${text(got)}`);
  } else {
    try {
      assert.deepStrictEqual(plain(got), wanted);
    } catch {
      assert.fail(`${what} gave ${text(got)}, not ${text(wanted)}`);
    }
  }
}

/** Objects without prototype as literals. */
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  const prototype = value !== null && typeof value === "object" ? Object.getPrototypeOf(value) : undefined;
  if (prototype !== null && prototype !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}

function text(value) {
  return value instanceof Error
    ? `${value.name}: ${value.serverText ?? value.stack}`
    : JSON.stringify(value, shown);
}

function shown(_, value) {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Set || value instanceof Map) return [value.constructor.name, ...value];
  if (ArrayBuffer.isView(value)) return [value.constructor.name, ...value];
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

async function iterators(redis, withoutValues) {
  await redis.flushAll();
  const names = Array.from({ length: 2000 }, (_, n) => `n${n}`);
  await redis.mSet(names.map((name) => [`key:${name}`, 1]));
  await redis.hSet(
    "h",
    names.map((name) => [name, 1]),
  );
  await redis.sAdd("s", names);
  await redis.zAdd(
    "z",
    names.map((value, score) => ({ value, score })),
  );
  const sorted = [...names].sort();
  const all = async (items, name = (item) => item) => {
    const found = new Set();
    for await (const item of items) found.add(name(item));
    assert.deepEqual([...found].sort(), sorted);
  };
  await all(redis.scanIterator({ MATCH: "key:*", COUNT: 100 }), (key) => key.slice(4));
  await all(redis.hScanIterator("h"), ([field, value]) => value === "1" && field);
  if (withoutValues) await all(redis.hScanNoValuesIterator("h"));
  await all(redis.sScanIterator("s", { COUNT: 100 }));
  await all(redis.zScanIterator("z"), ({ value, score }) => value === `n${score}` && value);
  let pages = 0;
  const found = new Set();
  for await (const page of redis.sScanIterator("s", { COUNT: 100 }).batches()) {
    pages += 1;
    for (const member of page) found.add(member);
  }
  assert.ok(pages > 5 && found.size === 2000, `${pages} pages, ${found.size} members`);
  for await (const member of redis.sScanIterator("s", { bytes: true })) {
    assert.ok(member instanceof Uint8Array);
    break;
  }
}

async function queues(redis) {
  await redis.flushAll();
  const fill = (queue) =>
    queue
      .xAdd("x", "1-1", { a: 1 })
      .xRange("x", "-", "+")
      .zAdd("z", 1.5, "a")
      .zRangeWithScores("z", 0, -1)
      .dump("none")
      .eval("return {KEYS[1]}", "k")
      .del(["x", "z"]);
  const wanted = [
    "1-1",
    [{ id: "1-1", fields: { a: "1" } }],
    1,
    [{ value: "a", score: 1.5 }],
    null,
    ["k"],
    2,
  ];
  assert.deepEqual(plain(await fill(redis.multi()).exec()), wanted);
  assert.deepEqual(plain(await fill(redis.pipeline()).exec()), wanted);
  await redis.set("text", "t");
  const [failed, fine] = await redis.multi().zScore("text", "a").get("text", { bytes: true }).execSettled();
  assert.equal(failed.reason.serverCode, "WRONGTYPE");
  assert.deepEqual(fine.value, Uint8Array.of(116));
}

async function scripts(redis) {
  await redis.scriptFlush();
  const run = redis.script("return {KEYS[1], ARGV[1]}");
  const wanted = ["k", "a"];
  assert.deepEqual(await run(["k"], ["a"]), wanted);
  assert.deepEqual(await run("k", "a"), wanted);
  await redis.scriptFlush();
  assert.deepEqual(await run("k", "a"), wanted);
  assert.deepEqual(await run("k", "a"), wanted);
  await assert.rejects(redis.script("return redis.call('NONE')")(), ServerError);
}

for (const program of [REDIS_7, REDIS_8, REDIS_8_10, VALKEY_9]) {
  if (!program) throw new Error("the programs of three servers are needed: see the head of this file");
  await withServer(program, async (url) => {
    for (const protocol of [2, 3]) await runs(url, protocol);
  });
}
await report("every method was called in both protocols", () => {
  const missing = [2, 3].flatMap((protocol) =>
    [...METHODS.keys()]
      .filter((method) => !called.has(`${method}/${protocol}`))
      .map((method) => `${method} RESP${protocol}`),
  );
  assert.equal(missing.join(", "), "");
});
await report("every modifier was sent by itself", () => {
  const missing = calls()
    .map(({ spec, name }) => `${spec.method} ${name}`)
    .filter((one) => !tried.has(one));
  assert.equal(missing.join(", "), "");
});
process.exit(failed === 0 ? 0 : 1);
