// What `node:diagnostics_channel` shows of a client on a server, and the option `stack`.

import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import channels from "node:diagnostics_channel";
import { test } from "node:test";
import { inspect } from "node:util";

import { addressOf, shownName, sourceOf, useChannels } from "../../src/server/tracing.js";
import { DIAL, fakeServerClient, FakeRaw } from "../fake.js";

useChannels(channels);

const SOURCE = { clientName: null, database: 0, endpoint: "host:1", address: "host", port: 1 };
const NAMES = ["start", "end", "asyncStart", "asyncEnd", "error"];

/** What a tracing channel publishes during the test: `[event, a copy of the context]`. */
function watch(t, name) {
  const seen = [];
  const listeners = Object.fromEntries(NAMES.map((event) => [event, (context) => seen.push([event, { ...context }])]));
  const channel = channels.tracingChannel(name);
  channel.subscribe(listeners);
  t.after(() => channel.unsubscribe(listeners));
  return seen;
}

test("a command is published when it is issued and when it is answered, without arguments and replies", async (t) => {
  const seen = watch(t, "redmux:command");
  const { client, raw } = await fakeServerClient({ clientName: "me" }, { endpoint: "redis://host:1" });
  const before = performance.now();
  const value = client.set("secret-key", "secret-value", { EX: 5 });
  assert.deepEqual(seen.map(([event]) => event), ["start", "end"]);
  raw.reply("secret-reply");
  assert.equal(await value, "secret-reply");
  assert.deepEqual(seen.map(([event]) => event), ["start", "end", "asyncStart", "asyncEnd"]);
  const [, { start, ...context }] = seen.at(-1);
  assert.deepEqual(context, { ...SOURCE, clientName: "me", command: "SET" });
  assert.ok(start >= before && start <= performance.now());
  assert.doesNotMatch(inspect(seen, { depth: 9, showHidden: true }), /secret/);
});

test("a failure is published, and the caller gets it", async (t) => {
  const seen = watch(t, "redmux:command");
  const { client, raw } = await fakeServerClient();
  const value = client.get("k");
  raw.fail({ kind: "timeout", stage: "response", message: "GET: late" });
  const error = await value.catch((error) => error);
  assert.equal(error.kind, "timeout");
  assert.deepEqual(seen.map(([event]) => event), ["start", "end", "error", "asyncStart", "asyncEnd"]);
  assert.equal(seen[2][1].error, error);
  await assert.rejects(client.get({}, {}), TypeError);
});

test("a rejection that nobody handles is seen as such while somebody watches", async (t) => {
  watch(t, "redmux:command");
  const { client, raw } = await fakeServerClient();
  const before = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  t.after(() => before.forEach((listener) => process.on("unhandledRejection", listener)));
  const unhandled = new Promise((resolve) => process.once("unhandledRejection", resolve));
  void client.get("k");
  raw.fail({ kind: "timeout", message: "late" });
  assert.equal((await unhandled).kind, "timeout");
});

test("a store that is bound to the start is that of what follows", async (t) => {
  const store = new AsyncLocalStorage();
  const channel = channels.tracingChannel("redmux:command");
  const stores = [];
  const listeners = { asyncEnd: () => stores.push(store.getStore()) };
  channel.start.bindStore(store, (context) => context.command);
  channel.subscribe(listeners);
  t.after(() => {
    channel.start.unbindStore(store);
    channel.unsubscribe(listeners);
  });
  const { client, raw } = await fakeServerClient();
  const value = store.run("outer", () => client.get("k"));
  raw.reply("v");
  await value;
  assert.deepEqual(stores, ["GET"]);
});

test("views say which database and which server they are for", async (t) => {
  const seen = watch(t, "redmux:command");
  const { client, raw } = await fakeServerClient({ database: 2 });
  raw.answer = () => "v";
  await client.get("k");
  await client.database(7).withKeyPrefix("p").get("k");
  await client.node("[::1]:7001").get("k");
  const contexts = seen.filter(([event]) => event === "start").map(([, { database, endpoint, address, port }]) => [database, endpoint, address, port]);
  assert.deepEqual(contexts, [
    [2, "ws://host/redis", "host", 80],
    [7, "ws://host/redis", "host", 80],
    [2, "[::1]:7001", "::1", 7001],
  ]);
});

test("transactions, subscriptions and connects have their contexts", async (t) => {
  const [connects, transactions, commands] = ["connect", "transaction", "command"].map((name) => watch(t, `redmux:${name}`));
  const { client, raw } = await fakeServerClient();
  assert.deepEqual(connects.map(([event]) => event), ["start", "end", "asyncStart", "asyncEnd"]);
  assert.equal(connects[0][1].endpoint, DIAL.endpoint);
  const items = client.multi().get("k").get("l").exec();
  await Promise.resolve();
  raw.flush();
  const reply = new TextEncoder().encode("$1\r\nv\r\n");
  raw.hooks.settle(raw.transacted.id, true, [reply, reply]);
  assert.deepEqual(await items, ["v", "v"]);
  const { command, size } = transactions[0][1];
  assert.deepEqual([command, size], ["MULTI", 2]);
  const subscribed = client.pSubscribe("secret-*", () => {});
  raw.flush();
  await subscribed;
  assert.deepEqual(commands.map(([event, { command }]) => [event, command]).at(-1), ["asyncEnd", "PSUBSCRIBE"]);
  FakeRaw.refusal = { kind: "connect", message: "refused" };
  t.after(() => (FakeRaw.refusal = null));
  await assert.rejects(fakeServerClient(), { kind: "connect" });
  assert.equal(connects.at(-3)[0], "error");
  assert.equal(connects.at(-3)[1].error.kind, "connect");
});

test("events are published with their client, and the status of open clients is answered", async (t) => {
  const seen = [];
  const listener = (message) => seen.push(message);
  channels.subscribe("redmux:event", listener);
  t.after(() => channels.unsubscribe("redmux:event", listener));
  const { client, engine, raw } = await fakeServerClient({}, { endpoint: "unix:/tmp/r" });
  const heard = [];
  client.on("connectionFailed", (detail) => heard.push(detail));
  const detail = { endpoint: "e", message: "m" };
  raw.hooks.event("connectionFailed", detail);
  assert.deepEqual(heard, [detail]);
  assert.deepEqual(seen, [{ ...SOURCE, endpoint: "unix:/tmp/r", address: "/tmp/r", port: null, type: "connectionFailed", detail }]);
  const ask = () => {
    const question = { clients: [] };
    channels.channel("redmux:status").publish(question);
    return question.clients.filter(({ endpoint }) => endpoint === "unix:/tmp/r");
  };
  assert.deepEqual(ask().map(({ status }) => status), [engine.status()]);
  client.disconnect();
  assert.deepEqual(ask(), []);
  await assert.rejects(fakeServerClient({}, { endpoint: "unix:/tmp/r" }, AbortSignal.abort()), { name: "AbortError" });
  assert.deepEqual(ask(), []);
});

test("what is known of a client is read from its options", () => {
  const of = (shown, options = {}, settings = [], isGroup = false) => {
    const { database, address, port } = sourceOf(shown, options, settings, isGroup);
    return [database, address, port];
  };
  assert.deepEqual(of("redis://h:7"), [0, "h", 7]);
  assert.deepEqual(of("rediss://[::1]:7", { database: 3 }), [3, "::1", 7]);
  assert.deepEqual(of("h", {}, [["url", "h"]]), [0, "h", 6379]);
  assert.deepEqual(of("h:7", {}, [["url", "h:7,defaultDatabase=3"]]), [null, "h", 7]);
  assert.deepEqual(of("a:1,b:2"), [0, null, null]);
  assert.deepEqual(of("redis+cluster://a:1", {}, [["url", "redis+cluster://a:1"]]), [0, null, null]);
  assert.deepEqual(of("s:1", {}, [["serviceName", "m"]]), [0, null, null]);
  assert.deepEqual(of("near", {}, [], true), [null, null, null]);
  assert.deepEqual(addressOf("wss://h/x"), { address: "h", port: 443 });
  assert.deepEqual(addressOf("unix:///tmp/r"), { address: "/tmp/r", port: null });
  assert.equal(shownName("json.get"), "JSON.GET");
  assert.equal(shownName("GET secret"), "_OTHER");
});

test("with stack, errors have the frames of the call, and without it they have none", async (t) => {
  async function program(client) {
    return client.get("k");
  }
  const failing = async (options, stack) => {
    const { client, raw } = await fakeServerClient(options, {}, undefined, stack);
    const value = program(client);
    raw.fail({ kind: "timeout", stage: "response", message: "GET: late" });
    return value.catch((error) => error);
  };
  const [plain, own] = [await failing({}, false), await failing({}, true)];
  assert.doesNotMatch(plain.stack, /program/);
  assert.match(own.stack, /^TimeoutError: GET: late\n +at .*get .*\n +at program /);
  assert.doesNotMatch(own.stack, /_call|ServerEngine/);
  assert.ok(own instanceof plain.constructor && own.code === "ERR_REDMUX_TIMEOUT_RESPONSE");
  watch(t, "redmux:command");
  assert.match((await failing({}, true)).stack, /at program /);
});

test("with stack, errors among replies have frames, and what the program threw is left alone", async () => {
  const { client, raw } = await fakeServerClient({}, {}, undefined, true);
  async function program() {
    return client.multi().get("k").execSettled();
  }
  const items = program();
  raw.flush();
  raw.hooks.settle(raw.transacted.id, true, [raw.hooks.error({ kind: "server", message: "WRONGTYPE" })]);
  assert.match((await items)[0].reason.stack, /at .*program /);
  const reason = new Error("enough");
  const { stack } = reason;
  const abort = new AbortController();
  const value = client.get("k", { signal: abort.signal });
  abort.abort(reason);
  assert.equal(await value.catch((error) => error), reason);
  assert.equal(reason.stack, stack);
});

test("with stack, calls that end with the same error have one each", async () => {
  const { client, raw } = await fakeServerClient({}, {}, undefined, true);
  const cause = new Error("cause");
  const error = Object.assign(raw.hooks.error({ kind: "server", serverCode: "X", serverText: "X y", message: "X y" }), { cause });
  async function first() {
    return client.get("k");
  }
  async function second() {
    return client.get("k");
  }
  const all = [first(), second()];
  for (const _ of all) raw.hooks.settle(raw.calls.shift().id, false, error);
  const [{ reason: one }, { reason: other }] = await Promise.allSettled(all);
  assert.match(one.stack, /at first /);
  assert.match(other.stack, /at second /);
  assert.deepEqual([other.serverCode, other.serverText, other.cause, other.delivery], ["X", "X y", cause, "answered"]);
});
