// `redmux/ioredis` with a real server: replies, transactions, scripts, subscriptions, and what outages do.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import Redis, { Command, ReplyError } from "../../src/ioredis/index.js";
import { freePort } from "../checks.mjs";
import { cluster as startCluster, monitor, redis as startRedis, until } from "./support.mjs";

const LIMIT = { timeout: 300_000 };

/** A client of a server of its own; it is closed after the test. */
async function start(t, options = {}) {
  const server = await startRedis(t);
  const client = clientOf(t, { port: server.port, host: "127.0.0.1", ...options });
  return { server, client };
}

function clientOf(t, options) {
  const client = new Redis(options);
  t.after(() => client.disconnect());
  return client;
}

test("replies have the shapes of RESP2, texts as strings or as Buffers", LIMIT, async (t) => {
  const { client } = await start(t);
  const called = await new Promise((resolve) => client.set("k", "v", (error, reply) => resolve([error, reply])));
  assert.deepEqual(called, [null, "OK"]);
  assert.equal(await client.get("k"), "v");
  assert.deepEqual(await client.getBuffer("k"), Buffer.from("v"));
  assert.deepEqual(await client.callBuffer("PING"), Buffer.from("PONG"));
  assert.equal(await client.hset("h", { a: 1, b: "x" }), 2);
  assert.equal(await client.hset("h", new Map([["c", 3]])), 1);
  assert.deepEqual(await client.hgetall("h"), { a: "1", b: "x", c: "3" });
  assert.deepEqual(await client.hgetallBuffer("h"), { a: Buffer.from("1"), b: Buffer.from("x"), c: Buffer.from("3") });
  await client.zadd("z", 1, "a", 2.5, "b");
  assert.deepEqual(await client.zrange("z", 0, -1, "WITHSCORES"), ["a", "1", "b", "2.5"]);
  assert.equal(await client.zscore("z", "b"), "2.5");
  assert.deepEqual(await client.smembers("none"), []);
  assert.deepEqual(await client.mget(["k", "none"]), ["v", null]);
  await client.set("bytes", Buffer.from([0x61, 0xff]));
  assert.equal(await client.get("bytes"), "a\ufffd", "bytes that are not UTF-8 are replaced");
  assert.deepEqual(await client.getBuffer("bytes"), Buffer.from([0x61, 0xff]));
  assert.equal(await client.set("empty", null), "OK");
  assert.equal(await client.get("empty"), "");
  await client.set("big", "9007199254740993");
  assert.equal(await client.incrby("big", 0), 9007199254740992, "like ioredis, beyond 2⁵³ digits are lost");
  assert.equal(await clientOf(t, { ...client.options, stringNumbers: true }).incrby("big", 0), "9007199254740993");
});

test("an error has the server's text, and its command, whose arguments no logger prints", LIMIT, async (t) => {
  const { client } = await start(t);
  await client.set("k", "secret");
  await assert.rejects(client.lpush("k", "other secret"), (error) => {
    assert.ok(error instanceof ReplyError);
    assert.match(error.message, /^WRONGTYPE /);
    assert.equal(error.command.name, "lpush");
    assert.deepEqual(error.command.args, ["k", "other secret"]);
    assert.ok(!JSON.stringify(error).includes("secret"));
    return true;
  });
});

test("a transaction is null, an error, or the outcome of each command", LIMIT, async (t) => {
  const { client } = await start(t);
  const results = await client.multi([["set", "n", 1]]).incr("n").hset("h", { f: 1 }).hgetall("h").lpush("n", 1).exec();
  assert.deepEqual(results.slice(0, 4), [[null, "OK"], [null, 2], [null, 1], [null, { f: "1" }]]);
  assert.match(results[4][0].message, /^WRONGTYPE/);
  await assert.rejects(client.multi().set("n").incr("n").exec(), (error) => {
    assert.match(error.message, /^EXECABORT/);
    assert.match(error.previousErrors[0].message, /wrong number of arguments/);
    return true;
  });
  assert.equal(await client.get("n"), "2");
  const inside = await client.pipeline().set("a", 1).multi().get("a").exec().get("a").exec();
  assert.deepEqual(inside, [[null, "OK"], [null, "OK"], [null, "QUEUED"], [null, ["1"]], [null, "1"]]);
});

test("a script is sent once, and again when the server has forgotten it", LIMIT, async (t) => {
  const { server, client } = await start(t, { scripts: { both: { lua: "return {KEYS[1], ARGV[1]}", numberOfKeys: 1 } } });
  client.defineCommand("count", { lua: "return #KEYS" });
  await client.ping();
  const seen = await monitor(t, server);
  assert.deepEqual(await client.both("k", "v"), ["k", "v"]);
  assert.deepEqual(await client.bothBuffer("k", "v"), [Buffer.from("k"), Buffer.from("v")]);
  assert.equal(await client.count(2, "a", "b"), 2);
  await client.script("FLUSH");
  assert.deepEqual(await client.pipeline().both("a", "1").both("b", "2").exec(), [[null, ["a", "1"]], [null, ["b", "2"]]]);
  assert.deepEqual(await client.multi().both("a", "1").both("b", "2").exec(), [[null, ["a", "1"]], [null, ["b", "2"]]]);
  await until(() => seen.some((line) => line.includes('"EXEC"')), "the transaction is seen");
  const sent = seen.map((line) => /"(EVAL|EVALSHA|MULTI)"/i.exec(line)?.[1].toUpperCase()).filter(Boolean);
  assert.deepEqual(sent.slice(0, 3), ["EVAL", "EVALSHA", "EVAL"]);
  assert.deepEqual(sent.slice(sent.indexOf("MULTI")), ["MULTI", "EVAL", "EVALSHA"], "a transaction never depends on what the server remembers");
});

test("a prefix precedes every key, and nothing else", LIMIT, async (t) => {
  const { client } = await start(t, { keyPrefix: "p:" });
  const plain = clientOf(t, { ...client.options, keyPrefix: "" });
  await client.mset("a", "1", "b", "2");
  await client.set(Buffer.from("c"), "3");
  await client.zadd("z1", 1, "m");
  await client.zunionstore("z2", 2, "z1", "none", "WEIGHTS", 2, 3);
  client.defineCommand("touchAll", { lua: "for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1]) end", numberOfKeys: 2 });
  await client.touchAll("d", "e", "value");
  await client.pipeline().rpush("l", "x").xadd("s", "*", "f", "v").exec();
  assert.deepEqual((await plain.keys("*")).sort(), ["a", "b", "c", "d", "e", "l", "s", "z1", "z2"].map((name) => `p:${name}`));
  assert.equal((await client.xread("COUNT", 1, "STREAMS", "s", "0"))[0][0], "p:s");
});

test("subscriptions count, and come back with the connection", LIMIT, async (t) => {
  const { client } = await start(t);
  const subscriber = client.duplicate();
  t.after(() => subscriber.disconnect());
  const got = [];
  for (const name of ["message", "messageBuffer", "pmessage", "pmessageBuffer"]) subscriber.on(name, (...args) => got.push([name, ...args]));
  assert.deepEqual(await Promise.all([subscriber.subscribe("a", "b"), subscriber.subscribe("a"), subscriber.psubscribe("a*")]), [2, 2, 3]);
  assert.equal(await client.publish("a", "hi"), 2);
  await until(() => got.length === 4, "four events");
  assert.deepEqual(got.sort((one, other) => one[0].localeCompare(other[0])), [
    ["message", "a", "hi"],
    ["messageBuffer", Buffer.from("a"), Buffer.from("hi")],
    ["pmessage", "a*", "a", "hi"],
    ["pmessageBuffer", "a*", Buffer.from("a"), Buffer.from("hi")],
  ]);
  subscriber.disconnect(true);
  await once(subscriber, "ready");
  assert.equal(await client.publish("b", "again"), 1);
  assert.equal(await subscriber.get("none"), null, "other commands are possible meanwhile");
  assert.equal(await subscriber.unsubscribe("a"), 2);
  assert.equal(await subscriber.punsubscribe(), 1);
  assert.equal(await subscriber.unsubscribe(), 0);
});

test("SELECT holds for what is called after it, across reconnects too", LIMIT, async (t) => {
  const { client } = await start(t);
  const replies = Promise.all([client.select(3), client.set("k", "in 3"), client.select(0), client.get("k"), client.select(3)]);
  assert.deepEqual(await replies, ["OK", "OK", "OK", null, "OK"]);
  client.stream.destroy();
  assert.equal(await client.get("k"), "in 3");
  await assert.rejects(client.select(99), /DB index is out of range/);
});

test("scans are streams of pages", LIMIT, async (t) => {
  const { client } = await start(t);
  await client.sadd("s", Array.from({ length: 100 }, (_, n) => `m${n}`));
  const members = new Set();
  for await (const page of client.sscanStream("s", { match: "m*", count: 10 })) for (const member of page) members.add(member);
  assert.equal(members.size, 100);
  const keys = [];
  for await (const page of client.scanBufferStream()) keys.push(...page);
  assert.deepEqual(keys, [Buffer.from("s")]);
  const failed = once(client.hscanStream("s").resume(), "error");
  assert.match((await failed)[0].message, /^WRONGTYPE/);
});

test("commands wait for a server that is away, and those without a reply are sent again", LIMIT, async (t) => {
  const { server, client } = await start(t, { retryStrategy: () => 20, maxRetriesPerRequest: null });
  const states = [];
  for (const name of ["connect", "ready", "close", "reconnecting", "end"]) client.on(name, () => states.push(name));
  client.on("error", () => {});
  await client.set("k", "v");
  server.child.kill("SIGKILL");
  await once(client, "reconnecting");
  const waiting = client.set("k", "waited");
  await server.again();
  assert.equal(await waiting, "OK");
  assert.deepEqual(states.slice(0, 4), ["connect", "ready", "close", "reconnecting"]);
  assert.deepEqual(states.slice(-2), ["connect", "ready"]);
  const held = client.debug("SLEEP", 0.3).catch((error) => error);
  await sleep(50);
  client.stream.destroy();
  assert.equal(await held, "OK", "it is sent again");
  assert.equal(await client.quit(), "OK");
  await assert.rejects(client.get("k"), { message: "Connection is closed." });
  assert.equal(client.status, "end");
});

test("commands fail after maxRetriesPerRequest attempts, at once without a queue, and for good when there is no next", LIMIT, async (t) => {
  const port = await freePort();
  const client = clientOf(t, { port, retryStrategy: () => 1, maxRetriesPerRequest: 2 });
  const errors = [];
  client.on("error", (error) => errors.push(error.code));
  await assert.rejects(client.get("k"), { name: "MaxRetriesPerRequestError" });
  assert.deepEqual(errors, ["ECONNREFUSED", "ECONNREFUSED", "ECONNREFUSED"]);
  const hasty = clientOf(t, { port, lazyConnect: true, enableOfflineQueue: false, retryStrategy: null });
  hasty.on("error", () => {});
  const ended = new Promise((resolve) => hasty.once("end", resolve));
  await assert.rejects(hasty.get("k"), /enableOfflineQueue/);
  await ended;
  await assert.rejects(hasty.get("k"), { message: "Connection is closed." });
  await assert.rejects(hasty.connect(), { message: "Connection is closed." });
});

test("an instance waits to connect if that is wanted, closes at once, and connects again", LIMIT, async (t) => {
  const { client } = await start(t, { lazyConnect: true });
  assert.equal(client.status, "wait");
  await client.connect();
  assert.equal(client.status, "ready");
  await assert.rejects(client.connect(), /already connecting/);
  const ended = once(client, "end");
  client.disconnect();
  await ended;
  await client.connect();
  assert.equal(await client.ping(), "PONG");
});

test("a command object is sent, and transformers of the program apply", LIMIT, async (t) => {
  const { client } = await start(t);
  t.after(() => Command.setReplyTransformer("lrange", undefined));
  Command.setReplyTransformer("lrange", (reply) => reply.map(Number));
  await client.sendCommand(new Command("rpush", ["l", 1, 2]));
  assert.deepEqual(await client.lrange("l", 0, -1), [1, 2]);
  assert.deepEqual(await client.sendCommand(new Command("get", ["none"], { replyEncoding: "utf8" })), null);
});

test("reconnectOnError connects again, and sends again", LIMIT, async (t) => {
  let calls = 0;
  const { client } = await start(t, { retryStrategy: () => 1, reconnectOnError: (error) => (error.message.startsWith("WRONGTYPE") && calls++ === 0 ? 2 : false) });
  await client.set("k", "v");
  const closed = once(client, "close");
  await assert.rejects(client.lpush("k", 1), /WRONGTYPE/);
  await closed;
  assert.equal(calls, 2);
});

test("a command that waits keeps nobody else waiting, and ends with the connection", LIMIT, async (t) => {
  const { client } = await start(t, { maxRetriesPerRequest: null });
  const popped = client.blpop("q", 0);
  const read = client.xread("BLOCK", 0, "STREAMS", "s", "$");
  await until(async () => /^blocked_clients:2\r$/m.test(await client.info("clients")), "both wait");
  await client.rpush("q", "x");
  await client.xadd("s", "1-1", "f", "v");
  assert.deepEqual(await popped, ["q", "x"]);
  assert.deepEqual(await read, [["s", [["1-1", ["f", "v"]]]]]);
  assert.equal(await client.blpopBuffer("q", 0.01), null);
  await client.select(2);
  const other = client.bzpopmin("z", 0);
  await client.zadd("z", 1.5, "m");
  assert.deepEqual(await other, ["z", "m", "1.5"], "in its database");
  const held = client.brpop("q", 0);
  await sleep(20);
  client.disconnect();
  await assert.rejects(held, { message: "Connection is closed." });
});

test("WATCH and MULTI by hand have a connection of their own until they end", LIMIT, async (t) => {
  const { client } = await start(t);
  const other = clientOf(t, client.options);
  await client.set("k", 1);
  assert.equal(await client.watch("k"), "OK");
  await other.set("k", 2);
  assert.equal(await client.multi().set("k", 3).exec(), null);
  await client.watch("k");
  assert.deepEqual(await client.multi().set("k", 3).getBuffer("k").exec(), [[null, "OK"], [null, Buffer.from("3")]]);
  const [begun, queued, results] = await Promise.all([client.multi({ pipeline: false }), client.incr("k"), client.exec(), other.get("k")]);
  assert.deepEqual([begun, queued, results], ["OK", "QUEUED", [[null, 4]]]);
  await client.watch("k");
  await assert.rejects(client.multi().set("k").exec(), (error) => /^EXECABORT/.test(error.message) && error.previousErrors.length === 1);
  assert.equal(await client.unwatch(), "OK");
  await assert.rejects(client.exec(), { message: "ERR EXEC without MULTI" });
});

test("a monitor shows commands, and takes none", LIMIT, async (t) => {
  const { client } = await start(t);
  const watching = await client.monitor();
  t.after(() => watching.disconnect());
  const seen = [];
  watching.on("monitor", (time, args, source, database) => seen.push([time, args, source, database]));
  await client.set("k", 'a "quoted" value');
  await until(() => seen.length > 0, "a command");
  const [[time, args, source, database]] = seen;
  assert.match(time, /^\d+\.\d{6}$/);
  assert.deepEqual([args, database], [["SET", "k", 'a "quoted" value'], "0"]);
  assert.match(source, /^127\.0\.0\.1:\d+$/);
  assert.equal(watching.mode, "monitor");
  await assert.rejects(watching.get("k"), /monitoring mode/);
});

test("a cluster is one client, whose pipelines may go to several nodes", LIMIT, async (t) => {
  const nodes = await startCluster(t);
  const cluster = new Redis.Cluster([{ host: "127.0.0.1", port: nodes[0].port }], { redisOptions: { maxRetriesPerRequest: null } });
  t.after(() => cluster.disconnect());
  await Promise.all(Array.from({ length: 60 }, (_, n) => cluster.set(`k${n}`, n)));
  assert.deepEqual(await cluster.mget("k1", "k2", "k3"), ["1", "2", "3"]);
  const sizes = await Promise.all(cluster.nodes("master").map((node) => node.dbsize()));
  assert.equal(sizes.length, 3);
  assert.equal(sizes.reduce((sum, size) => sum + size), 60);
  assert.deepEqual(await cluster.pipeline().get("k1").get("k2").get("k3").exec(), [[null, "1"], [null, "2"], [null, "3"]]);
  assert.deepEqual(await cluster.multi().set("{t}a", 1).incr("{t}a").exec(), [[null, "OK"], [null, 2]]);
  await assert.rejects(cluster.multi().set("a", 1).set("b", 1).exec(), /CROSSSLOT/);
  cluster.defineCommand("echoKey", { lua: "return KEYS[1]", numberOfKeys: 1 });
  assert.deepEqual(await Promise.all(["x", "y", "z"].map((key) => cluster.echoKey(key))), ["x", "y", "z"]);
  const popped = cluster.bzpopmin("z", 0);
  await cluster.zadd("z", 1, "m");
  assert.deepEqual(await popped, ["z", "m", "1"]);
  const subscriber = cluster.duplicate(undefined, { redisOptions: { connectionName: "subscriber" } });
  t.after(() => subscriber.disconnect());
  const message = once(subscriber, "message");
  assert.equal(await subscriber.subscribe("c"), 1);
  await cluster.publish("c", "hi");
  assert.deepEqual(await message, ["c", "hi"]);
  assert.equal(await cluster.quit(), "OK");
});

test("WATCH in a cluster is on the node of its keys, and so is what follows up to EXEC", LIMIT, async (t) => {
  const nodes = await startCluster(t);
  const cluster = new Redis.Cluster([{ host: "127.0.0.1", port: nodes[0].port }], { keyPrefix: "p:" });
  t.after(() => cluster.disconnect());
  const other = cluster.duplicate();
  t.after(() => other.disconnect());
  for (const key of ["a", "b", "c", "d"]) {
    await cluster.set(key, 1);
    assert.equal(await cluster.watch(key), "OK");
    assert.equal(await cluster.get(key), "1");
    await other.set(key, 2);
    assert.equal(await cluster.multi().set(key, 3).exec(), null);
    await cluster.watch(key);
    assert.deepEqual(await cluster.multi().incr(key).get(key).exec(), [[null, 3], [null, "3"]]);
    await cluster.watch(key);
    assert.equal(await cluster.unwatch(), "OK");
  }
  assert.deepEqual(await cluster.mget("a", "b", "c", "d"), ["3", "3", "3", "3"]);
  await assert.rejects(cluster.multi({ pipeline: false }), /names no key/);
});

test("WAIT is about what this client has written, and keeps no other command waiting", LIMIT, async (t) => {
  const { client } = await start(t);
  const replica = await startRedis(t);
  const own = clientOf(t, { port: replica.port });
  await client.config("SET", "repl-diskless-sync-delay", "0");
  await own.replicaof("127.0.0.1", client.options.port);
  await until(async () => (await own.info("replication")).includes("master_link_status:up"), "a replica");
  client.set("k", 1);
  assert.equal(await client.wait(1, 10_000), 1);
  assert.equal(await own.get("k"), "1");
  // A replica that does not run confirms nothing.
  replica.child.kill("SIGSTOP");
  client.set("k", 2);
  const waiting = client.wait(1, 500);
  const first = await Promise.race([waiting.then(() => "wait"), client.get("k")]);
  assert.deepEqual([first, await waiting], ["2", 0]);
  replica.child.kill("SIGCONT");
  assert.equal(await client.wait(1, 10_000), 1);
  // Redis 7.0 does not have this one.
  const files = await client.waitaof(0, 0, 100).catch((error) => error.message);
  assert.ok(Array.isArray(files) || files.startsWith("ERR unknown command"), files);
});
