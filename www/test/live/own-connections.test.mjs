// What needs connections of its own: commands that wait, leases, WATCH, MONITOR.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { connect } from "../../src/node.js";
import { collectGarbage, redis, until } from "./support.mjs";

const LIMIT = { timeout: 300_000 };

async function client(t, options) {
  const server = await redis(t);
  const client = await connect(server.url, options);
  t.after(() => client.close());
  return { server, client };
}

test("commands that wait do not hold others up, and give what came", LIMIT, async (t) => {
  const { client: redis } = await client(t);
  const waiting = [redis.blPop(["a", "b"], 0), redis.bzPopMin("z", 0), redis.blMove("from", "to", "LEFT", "RIGHT", 0), redis.xRead({ s: "$" }, { BLOCK: 0 })];
  waiting.push(redis.send("BLPOP", "raw", 0), redis.blmPop(0, ["l", "m"], "LEFT", { COUNT: 2 }), redis.brPop("r", 0, { bytes: true }));
  await until(async () => (await redis.send("CLIENT", "LIST")).match(/cmd=(b|xread)/g)?.length === 7, "seven that wait");
  assert.equal(await redis.ping(), "PONG");
  assert.equal(redis.status().leases.leased, 7);
  await Promise.all([redis.rPush("b", "1"), redis.zAdd("z", { score: 2.5, value: "m" }), redis.rPush("from", "x"), redis.xAdd("s", "1-1", { f: "v" })]);
  await Promise.all([redis.rPush("raw", "w"), redis.rPush("m", ["1", "2", "3"]), redis.rPush("r", "last")]);
  const [blPop, bzPopMin, blMove, xRead, raw, blmPop, brPop] = await Promise.all(waiting);
  assert.deepEqual(blPop, { key: "b", element: "1" });
  assert.deepEqual(bzPopMin, { key: "z", value: "m", score: 2.5 });
  assert.equal(blMove, "x");
  assert.equal(xRead.s[0].id, "1-1");
  assert.deepEqual(raw, ["raw", "w"]);
  assert.deepEqual(blmPop, { key: "m", elements: ["1", "2"] });
  assert.deepEqual(brPop.element, new TextEncoder().encode("last"));
});

test("a wait ends in time, when it is aborted, and when the client ends", LIMIT, async (t) => {
  const { client: redis } = await client(t, { commandTimeout: 300 });
  assert.equal(await redis.blPop("q", 0.05), null);
  // Longer than commandTimeout: the wait comes on top of it.
  assert.equal(await redis.blPop("q", 0.5), null);
  await assert.rejects(redis.blPop("q", 0, { timeout: 50 }), { kind: "timeout" });
  await assert.rejects(redis.blPop("q", "soon"), { kind: "command", message: /do not say for how long/ });
  await assert.rejects(redis.blPop("q", -1), { kind: "server" });
  const abort = new AbortController();
  const aborted = redis.blPop("q", 0, { signal: abort.signal });
  await until(async () => (await redis.send("CLIENT", "LIST")).includes("cmd=blpop"), "one that waits");
  abort.abort(new Error("enough"));
  await assert.rejects(aborted, { message: "enough" });
  // Its connection is gone, so that nothing is taken for nobody.
  await until(async () => !(await redis.send("CLIENT", "LIST")).includes("cmd=blpop"), "none that waits");
  await redis.rPush("q", "kept");
  assert.equal(await redis.lLen("q"), 1);
  const other = await redis.duplicate();
  const cut = other.blPop("empty", 0);
  await until(async () => (await redis.send("CLIENT", "LIST")).includes("cmd=blpop"), "one that waits");
  other.disconnect();
  await assert.rejects(cut, { kind: "closed" });
});

test("a lease is a connection of its own until it is released", LIMIT, async (t) => {
  const { client: redis } = await client(t, { maxLeased: 1 });
  const lease = await redis.lease();
  const ids = await Promise.all([redis.clientId(), lease.clientId()]);
  assert.notEqual(ids[0], ids[1]);
  await lease.send("SELECT", 3);
  await lease.set("three", 1);
  assert.deepEqual(await Promise.all([redis.exists("three"), redis.database(3).exists("three")]), [0, 1]);
  await assert.rejects(redis.lease({ signal: AbortSignal.timeout(50) }), { name: "TimeoutError" });
  lease.release();
  lease.release();
  await assert.rejects(lease.get("k"), { kind: "closed", delivery: "not-sent" });
  await assert.rejects(lease.multi().get("k").exec(), { kind: "closed" });
  const next = await redis.lease();
  // The former one had changed its connection, which nobody gets after it.
  assert.notEqual(await next.clientId(), ids[1]);
  assert.equal(await next.exists("three"), 0);
  next.release();
});

test("a lease that is forgotten is given back", LIMIT, async (t) => {
  const { client: redis } = await client(t, { maxLeased: 1 });
  await (await redis.lease()).ping();
  await until(async () => {
    collectGarbage();
    await sleep(1);
    return redis.status().leases.leased === 0;
  }, "given back");
});

test("an optimistic transaction is tried again until nobody came in between", LIMIT, async (t) => {
  const { client: redis } = await client(t);
  await redis.set("n", 0);
  const add = () =>
    redis.watch("n", async (tx) => {
      const value = Number(await tx.get("n"));
      await tx.multi().set("n", value + 1).exec();
      return value;
    }, { attempts: 1000 });
  const seen = await Promise.all(Array.from({ length: 40 }, add));
  assert.equal(await redis.get("n"), "40");
  assert.deepEqual(seen.sort((a, b) => a - b), Array.from({ length: 40 }, (_, n) => n));

  await assert.rejects(redis.watch("n", () => { throw new Error("mine"); }), { message: "mine" });
  assert.equal(await redis.watch(["n", "m"], () => "nothing"), "nothing");
  const always = redis.watch("n", async (tx) => {
    await redis.incr("n");
    await tx.multi().set("n", "never").exec();
  }, { attempts: 3 });
  await assert.rejects(always, { kind: "conflict" });
  assert.equal(await redis.get("n"), "43");
  await assert.rejects(redis.watch("n", async (tx) => tx.hGet("n", "f")), { serverCode: "WRONGTYPE" });
  assert.equal(redis.status().leases.leased, 0);
});

test("what the server does can be watched", LIMIT, async (t) => {
  const { client: redis } = await client(t);
  const lines = redis.monitor();
  const first = lines.next();
  await until(async () => (await redis.send("CLIENT", "LIST")).includes("cmd=monitor"), "a monitor");
  await redis.set("k", "välue");
  let line = (await first).value;
  while (line.args[0] !== "SET") line = (await lines.next()).value;
  assert.deepEqual(line.args, ["SET", "k", "välue"]);
  assert.equal(line.database, 0);
  assert.ok(Math.abs(line.time - Date.now() / 1000) < 3600);
  await lines.return();
  await until(async () => !(await redis.send("CLIENT", "LIST")).includes("cmd=monitor"), "no monitor");
});

test("views put prefixes before keys, in queues too", LIMIT, async (t) => {
  const { client: redis } = await client(t, { keyPrefix: "app:" });
  const users = redis.withKeyPrefix("user:");
  await users.set("1", "Ada");
  assert.equal(await redis.get("user:1"), "Ada");
  assert.deepEqual(await users.multi().get("1").strLen("1").exec(), ["Ada", 3]);
  assert.deepEqual(await users.pipeline().get("1").exec(), ["Ada"]);
  const plain = await redis.duplicate({ keyPrefix: "" });
  assert.equal(await plain.get("app:user:1"), "Ada");
  await plain.close();
  // The queue keeps the view.
  let queue = redis.withKeyPrefix("other:").multi();
  queue.set("k", 1);
  collectGarbage();
  await sleep(10);
  collectGarbage();
  assert.deepEqual(await queue.exec(), ["OK"]);
  queue = null;
  assert.equal(await redis.exists("other:k"), 1);
});

test("names of other clients are there", LIMIT, async (t) => {
  const { server, client: redis } = await client(t);
  assert.equal(await redis.setEx("k", 60, "v"), "OK");
  assert.deepEqual([await redis.getSet("k", "w"), await redis.setNX("k", 1), await redis.setNX("n", 1)], ["v", 0, 1]);
  assert.equal(await redis.hmSet("h", { a: 1, b: 2 }), "OK");
  assert.equal(await redis.pSetEx("p", 60_000, "v"), "OK");
  assert.equal(await redis.rPopLPush("none", "other"), null);
  const seen = [];
  for (const name of ["error", "reconnecting", "connect", "ready", "end"]) redis.on(name, (event) => seen.push([name, event?.constructor.name]));
  const { port } = server;
  server.child.kill("SIGKILL");
  await until(() => seen.length > 1, "an error");
  await server.again();
  await until(() => seen.length > 3, "ready");
  assert.equal(port, server.port);
  await redis.close();
  assert.deepEqual(seen, [["error", "ConnectionError"], ["reconnecting", "Object"], ["connect", "Object"], ["ready", "Object"], ["end", undefined]]);
});
