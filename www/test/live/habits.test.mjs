// Programs as users of node-redis write them, with the import changed alone.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { inspect } from "node:util";

import { connect, createClient, createClientPool, createCluster, createSentinel } from "../../src/node.js";
import { cluster, redis } from "./support.mjs";

const LIMIT = { timeout: 300_000 };

test("createClient, on, connect, and what follows", LIMIT, async (t) => {
  const { url, port } = await redis(t);
  const errors = [];
  const client = await createClient({ url, name: "web" }).on("error", (error) => errors.push(error)).connect();
  t.after(() => client.destroy());
  await client.set("key", "value", { EX: 10, NX: true });
  assert.equal(await client.get("key"), "value");
  assert.deepEqual([client.isOpen, client.isReady, client.isPubSubActive], [true, true, false]);
  assert.equal(await client.HSET("hash", "field", "1"), 1);
  assert.equal(await client.sendCommand(["SET", "key", "w", "XX"]), "OK");
  assert.deepEqual(await client.multi().set("a", "b").get("a").addCommand(["GET", "key"]).execTyped(), ["OK", "b", "w"]);
  assert.equal(await client.clientGetName(), "web");
  const keys = [];
  for await (const page of client.scanIterator({ COUNT: 100 }).batches()) keys.push(...page);
  assert.deepEqual(keys.sort(), ["a", "hash", "key"]);

  const other = createClient({ socket: { host: "127.0.0.1", port, connectTimeout: 5000, keepAlive: true }, database: 1 });
  other.on("error", (error) => errors.push(error));
  assert.deepEqual([other.isOpen, other.isReady, inspect(other)], [false, false, "Client (not connected)"]);
  assert.throws(() => other.get("key"), { code: "ERR_REDMUX_ARGUMENT", message: "get: this client is not connected: await client.connect()" });
  assert.equal(await other.connect(), other);
  assert.equal(await other.get("key"), null);
  const subscriber = other.duplicate();
  await subscriber.connect();
  const got = new Promise((resolve) => subscriber.subscribe("news", ({ payload }) => resolve(payload)).then(() => other.publish("news", "hi")));
  assert.equal(await got, "hi");
  assert.ok(subscriber.isPubSubActive);
  await subscriber.close();
  assert.equal(await other.quit(), "OK");
  assert.deepEqual([other.isOpen, subscriber.isOpen, errors], [false, false, []]);
});

test("a pool executes on connections of their own", LIMIT, async (t) => {
  const { url } = await redis(t);
  const pool = await createClientPool({ url }, { minimum: 1, maximum: 2 }).connect();
  t.after(() => pool.destroy());
  const shared = await pool.clientId();
  const own = await pool.execute((client) => client.clientId());
  assert.notEqual(own, shared);
  assert.equal(pool.status().leases.max, 2);
  await assert.rejects(pool.execute(() => Promise.reject(new Error("mine"))), { message: "mine" });
  assert.equal(pool.status().leases.leased, 0);
});

test("createCluster takes root nodes, defaults and a map of addresses", LIMIT, async (t) => {
  const [{ port }] = await cluster(t);
  const client = await createCluster({
    rootNodes: [{ url: `redis://127.0.0.1:${port}` }, { socket: { host: "127.0.0.1", port } }],
    defaults: { socket: { connectTimeout: 5000 } },
    nodeAddressMap: { "10.0.0.5:7000": { host: "127.0.0.1", port } },
  }).connect();
  t.after(() => client.destroy());
  assert.equal(await client.set("key", "value"), "OK");
  assert.equal(client.nodes().length, 3);
});

test("where no server is, connect rejects, and listeners of errors hear it", LIMIT, async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  const errors = [];
  const client = createClient({ socket: { host: "127.0.0.1", port, reconnectStrategy: () => 1 } }).on("error", (error) => errors.push(error));
  const thrown = await client.connect().catch((error) => error);
  assert.equal(thrown.kind, "connect");
  assert.deepEqual(errors, [thrown]);
  assert.ok(!client.isOpen);
});

test("what is called otherwise here is said to be", LIMIT, async (t) => {
  const { url } = await redis(t);
  const client = await connect(url);
  t.after(() => client.close());
  const attempts = {
    "subscribe(channel, ({ channel, payload }) =>": () => client.subscribe("a", (message, channel) => [message, channel]),
    "bytes is an option": () => client.subscribe("a", () => {}, true),
    ".unsubscribe()": () => client.unsubscribe("a"),
    "client.database(index)": () => client.select(1),
    "client.pipeline()": () => client.multi().ping().execAsPipeline(),
    "watch(keys, async (tx) =>": () => client.watch("a"),
    "client.get(key, { signal })": () => client.withAbortSignal(AbortSignal.timeout(1)).get("a"),
    "expected the words in an array": () => client.sendCommand("key", true, ["GET", "key"]),
    "for await (const { args } of client.monitor())": () => client.monitor(() => {}),
    'import "redmux/json", and client.json…': () => client.json.get("a"),
    "(here: protocol)": () => connect(url, { RESP: 3 }),
    "connect({ host, port }, { tls, connectTimeout, reconnect })": () => connect(url, { socket: { host: "a" } }),
    "the URL is the first argument: connect(url, options)": () => connect({ url }),
    "password does not belong to the address": () => connect({ host: "127.0.0.1", port: 1, password: "secret" }),
    'reconnect: ({ attempt }) => milliseconds': () => connect(url, { retryStrategy: () => 1 }),
    "clientCache, and { cached: true }": () => createClient({ url, clientSideCache: {} }).connect(),
    "(here: client.script(source))": () => createClient({ url, scripts: { a: {} } }).connect(),
    'replies: { text: "buffer" }': () => createClient({ url, commandOptions: { typeMapping: {} } }).connect(),
    "rootNodes: expected an array": () => createCluster({}),
    "sentinelRootNodes: expected an array": () => createSentinel({ name: "mymaster" }),
    "socket: a string (expected an object)": () => createClient({ socket: "a:6379" }),
  };
  for (const [expected, attempt] of Object.entries(attempts)) {
    const error = await (async () => attempt())().then(() => null, (error) => error);
    assert.ok(error?.message.includes(expected), `${attempt}: ${error?.message}`);
    assert.match(error.code, /^ERR_REDMUX_(ARGUMENT|CONFIG)$/, expected);
    assert.ok(!error.message.includes("secret"));
  }
});
