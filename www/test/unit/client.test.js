import assert from "node:assert/strict";
import { test } from "node:test";

import { openClient } from "../../src/client.js";
import { Instance } from "../../src/instance.js";
import { CommandError, ConnectionError, RedmuxError, ServerError, TimeoutError } from "../../src/index.js";
import { DIAL, FakeGlue, FakeRaw, fakeClient } from "../fake.js";

test("bytes cross unchanged, in every form", async () => {
  const { client, raw } = await fakeClient();
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  client.set("k", bytes).catch(() => {});
  client.set("k", bytes.buffer).catch(() => {});
  client.set("k", new DataView(bytes.buffer, 10, 3)).catch(() => {});
  client.set("schlüssel", "🦊".repeat(40)).catch(() => {});
  client.set("k", "").catch(() => {});
  assert.deepEqual(raw.calls[0].raw[2], bytes);
  assert.deepEqual(raw.calls[1].raw[2], bytes);
  assert.deepEqual([...raw.calls[2].raw[2]], [10, 11, 12]);
  assert.deepEqual(raw.calls[3].words, ["SET", "schlüssel", "🦊".repeat(40)]);
  assert.deepEqual(raw.calls[4].words, ["SET", "k", ""]);
});

test("large values and many arguments cross unchanged", async () => {
  const { client, raw } = await fakeClient();
  const large = "ä".repeat(3 << 20);
  client.set("k", large).catch(() => {});
  client.del(Array.from({ length: 200_000 }, (_, i) => `key:${i}`)).catch(() => {});
  assert.equal(raw.calls[0].words[2] === large, true);
  assert.equal(raw.calls[1].words.length, 200_001);
  assert.equal(raw.calls[1].words.at(-1), "key:199999");
});

test("a bad argument is named by its position and never shown", async () => {
  const { client, raw } = await fakeClient();
  const secret = { toString: () => "hunter2" };
  for (const [value, why] of [
    [null, /argument 2 is null/],
    [undefined, /argument 2 is undefined/],
    [true, /argument 2 is a boolean/],
    [NaN, /argument 2 is NaN/],
    [Symbol("x"), /argument 2 is a symbol/],
    ["\ud800", /argument 2 holds half of a surrogate pair/],
    [new Map([["hunter2", 1]]), /argument 2 is an object/],
  ]) {
    await assert.rejects(client.set("k", value), (error) => why.test(error.message) && error instanceof TypeError);
  }
  await assert.rejects(client.send("GET", [secret]), (error) => !error.message.includes("hunter2"));
  await assert.rejects(client.send(["GET"]), /the command is an array/);
  assert.equal(raw.calls.length, 0);
});

test("undefined is no argument where the types have options, and one where they have values", async () => {
  const { client, raw } = await fakeClient();
  const calls = [
    ["set", ["k", "v", undefined], ["SET", "k", "v"]],
    ["get", ["k", undefined], ["GET", "k"]],
    ["lPop", ["k", undefined, undefined], ["LPOP", "k"]],
    ["scan", ["0", undefined], ["SCAN", "0"]],
    ["mGet", [["a", "b"], undefined], ["MGET", "a", "b"]],
    ["hSet", ["k", { f: 1 }, undefined], ["HSET", "k", "f", "1"]],
    ["hTtl", ["k", ["f"], undefined], ["HTTL", "k", "FIELDS", "1", "f"]],
    ["eval", ["return 1", undefined], ["EVAL", "return 1", "0"]],
    ["eval", ["return 1", [], [], undefined], ["EVAL", "return 1", "0"]],
    ["zRangeWithScores", ["k", 0, -1, undefined], ["ZRANGE", "k", "0", "-1", "WITHSCORES"]],
    ["ping", [undefined], ["PING"]],
  ];
  for (const [method, args] of calls) client[method](...args).catch(() => {});
  assert.deepEqual(raw.calls.map(({ words }) => words), calls.map(([, , words]) => words));
  const sent = raw.calls.length;
  for (const [method, args] of [["set", ["k", undefined]], ["del", ["k", undefined]], ["sAdd", ["k", undefined]], ["send", ["SET", "k", undefined]]]) {
    await assert.rejects(client[method](...args), { name: "TypeError", code: "ERR_REDMUX_ARGUMENT", message: /^argument \d is undefined/ }, method);
  }
  assert.equal(raw.calls.length, sent);
  assert.equal(client.multi().get("k", undefined).length, 1);
});

test("several channels in one subscribe are refused, not joined to another", async () => {
  const { client, raw } = await fakeClient();
  for (const method of ["subscribe", "pSubscribe", "sSubscribe"]) {
    await assert.rejects(client[method](["news", "weather"], () => {}), {
      name: "TypeError",
      code: "ERR_REDMUX_ARGUMENT",
      message: `${method}: the channel is an array (expected one: subscribe to each)`,
    });
  }
  assert.deepEqual(raw.subscriptions, []);
});

test("the time of a call reaches the raw client; a bad one is refused", async () => {
  const { client, raw } = await fakeClient();
  client.get("k", { timeout: 50 }).catch(() => {});
  client.get("k").catch(() => {});
  client.get("k", { timeout: Infinity, cached: true }).catch(() => {});
  assert.deepEqual(raw.calls.map(({ timeout, cached }) => [timeout, cached]), [[50, false], [0, false], [0xffffffff, true]]);
  for (const timeout of [0, -1, NaN, "5"]) {
    await assert.rejects(client.get("k", { timeout }), /timeout: expected milliseconds/);
  }
});

test("an aborted call rejects with the signal's reason and is dropped", async () => {
  const { client, raw } = await fakeClient();
  const controller = new AbortController();
  const call = client.get("k", { signal: controller.signal });
  const other = client.get("other");
  assert.equal(raw.calls.length, 2);
  const reason = new Error("changed my mind");
  controller.abort(reason);
  await assert.rejects(call, (error) => error === reason);
  raw.flush();
  assert.deepEqual(raw.cancelled, [raw.calls[0].id]);
  raw.calls.shift();
  raw.reply("x");
  assert.equal(await other, "x");
  await assert.rejects(client.get("k", { signal: controller.signal }), (error) => error === reason);
  assert.equal(raw.calls.length, 0);
  // Its number is in use until the wasm side has let go of it.
  const [dropped] = raw.cancelled;
  client.get("k").catch(() => {});
  client.get("k").catch(() => {});
  assert.ok(raw.calls.every(({ id }) => id !== dropped));
  raw.hooks.settle(dropped, false, undefined);
  client.get("k").catch(() => {});
  assert.equal(raw.calls.at(-1).id, dropped);
});

test("an abort after the reply changes nothing", async () => {
  const { client, raw } = await fakeClient();
  const controller = new AbortController();
  const call = client.get("k", { signal: controller.signal });
  raw.reply("v");
  assert.equal(await call, "v");
  // The number of the call is in use again by the time of the abort.
  const next = client.get("next");
  controller.abort();
  raw.reply("w");
  assert.equal(await next, "w");
  assert.deepEqual(raw.cancelled, []);
});

test("errors become instances of their class", async () => {
  const { client, raw } = await fakeClient();
  const rejected = async (fields) => {
    const call = client.get("k");
    raw.fail({ message: "m", ...fields });
    return call.then(() => assert.fail("no error"), (error) => error);
  };
  const server = await rejected({ kind: "server", delivery: "answered", serverCode: "WRONGTYPE", serverText: "WRONGTYPE x", command: "GET" });
  assert.ok(server instanceof ServerError && server instanceof RedmuxError && server instanceof Error);
  assert.deepEqual([server.name, server.code, server.serverCode, server.serverText], ["ServerError", "ERR_REDMUX_SERVER", "WRONGTYPE", "WRONGTYPE x"]);
  assert.ok(!Object.keys(server).includes("serverText"), "raw text is not for loggers");
  const timeout = await rejected({ kind: "timeout", stage: "response", delivery: "maybe-executed", endpoint: "ws://h" });
  assert.ok(timeout instanceof TimeoutError);
  assert.deepEqual([timeout.code, timeout.delivery, timeout.stage, timeout.endpoint], ["ERR_REDMUX_TIMEOUT_RESPONSE", "maybe-executed", "response", "ws://h"]);
  assert.ok((await rejected({ kind: "connection-lost" })) instanceof ConnectionError);
  assert.ok((await rejected({ kind: "closed" })) instanceof ConnectionError);
  assert.ok((await rejected({ kind: "queue-full" })) instanceof CommandError);
  assert.equal((await rejected({ kind: "decode" })).constructor, RedmuxError);
});

test("memory that grows while replies are read loses none of them", async () => {
  const { client, raw, glue } = await fakeClient();
  const serverError = raw.serverError.bind(raw);
  raw.serverError = (bytes) => {
    glue.grow();
    return serverError(bytes);
  };
  const calls = [client.send("GET", "a"), client.send("EVAL", "…", 0), client.send("GET", "b")];
  raw.replyBytes("$1\r\n1\r\n", "*2\r\n-ERR no\r\n:7\r\n", "$1\r\n2\r\n");
  const [first, [error, seven], last] = await Promise.all(calls);
  assert.deepEqual([first, seven, last], ["1", 7, "2"]);
  assert.equal(error.message, "-ERR no\r\n");
});

test("a refused connection rejects, and options reach the raw client", async () => {
  const { raw } = await fakeClient({ password: "p", commandTimeout: 7, undefinedOption: undefined });
  assert.deepEqual(raw.texts, [DIAL.endpoint, "", "p", ""]);
  const given = raw.numbers.flatMap((number, place) => (Number.isNaN(number) ? [] : [[place, number]]));
  assert.deepEqual(given, [[4, 7], [13, 1]]);
  FakeRaw.refusal = { kind: "connect", stage: "auth", delivery: "not-sent", message: "no" };
  try {
    await assert.rejects(fakeClient(), (error) => error instanceof ConnectionError && error.code === "ERR_REDMUX_CONNECT_AUTH");
  } finally {
    FakeRaw.refusal = null;
  }
});

test("an aborted connect rejects at once and stops connecting", async () => {
  const glue = new FakeGlue();
  const instance = new Instance(glue, () => glue.memory);
  FakeRaw.silent = true;
  try {
    const controller = new AbortController();
    const connecting = openClient(instance, DIAL, { signal: controller.signal });
    controller.abort();
    await assert.rejects(connecting, { name: "AbortError" });
    assert.equal(glue.raws[0].freed, 1);
    // It is too late for this.
    glue.raws[0].hooks.settle(0, true);
    await assert.rejects(openClient(instance, DIAL, { signal: controller.signal }), { name: "AbortError" });
    assert.equal(glue.raws.length, 1);
  } finally {
    FakeRaw.silent = false;
  }
});

test("a listener that throws harms nobody and is reported", async (t) => {
  const reported = [];
  t.mock.method(console, "error", (error) => reported.push(error.message));
  const { client, raw } = await fakeClient();
  const heard = [];
  client.on("connectionFailed", () => {
    throw new Error("from a listener");
  });
  client.on("connectionFailed", async () => {
    throw new Error("from an async listener");
  });
  client.on("connectionFailed", (event) => heard.push(event.failure));
  client.once("connectionFailed", () => heard.push("once"));
  raw.hooks.event("connectionFailed", { failure: "socketClosed" });
  raw.hooks.event("connectionFailed", { failure: "unresponsive" });
  raw.hooks.event("internalError", {});
  await new Promise(setImmediate);
  assert.deepEqual(heard, ["socketClosed", "once", "unresponsive"]);
  assert.equal(reported.length, 4);
  raw.answer = () => "still fine";
  assert.equal(await client.get("k"), "still fine");
});

test("off removes a listener; unknown events and non-functions are refused", async () => {
  const { client, raw } = await fakeClient();
  let count = 0;
  const listener = () => count++;
  client.on("missed", listener).off("missed", listener);
  raw.hooks.event("missed", { count: 1 });
  assert.equal(count, 0);
  assert.throws(() => client.on("eror", listener), /eror is not an event \(expected one of connectionFailed/);
  assert.throws(() => client.on("missed"), /not a function/);
});

test("status and close, also by `await using`", async () => {
  const { client } = await fakeClient();
  assert.deepEqual(client.status(), { connections: [], subscriptions: 0, cache: null });
  await client[Symbol.asyncDispose]();
  await client.close();
});

test("a trap rejects everything that is open, on every client, and they go on", async () => {
  const one = await fakeClient();
  const two = await fakeClient({}, one);
  const events = [];
  two.client.on("internalError", (event) => events.push(event.origin));
  const pending = two.client.get("k");
  assert.equal(two.raw.calls.length, 1);
  const gaps = [];
  const subscription = await two.client.subscribe("ch", { onMissed: (gap) => gaps.push(gap.cause) });
  const next = subscription[Symbol.asyncIterator]().next();
  one.raw.trap = new WebAssembly.RuntimeError("unreachable");
  const isStop = (error) => error.code === "ERR_REDMUX_INTERNAL" && error.cause === one.raw.trap;
  await assert.rejects(one.client.get("k"), isStop);
  await assert.rejects(pending, isStop);
  assert.deepEqual([events, one.glue.resets], [["wasm"], 1]);
  const [again, other] = [one.glue.raws.at(-1), one.glue.raws.at(-2)];
  again.engine = two.engine;
  other.engine = one.engine;
  assert.equal(again.numbers[8], 0, "it may take long");
  await new Promise(setImmediate);
  assert.equal(again.subscriptions.length, 1, "subscriptions are restored");
  again.tell(again.subscriptions[0].id, ["ch", "m"]);
  assert.equal((await next).value.payload, "m");
  assert.deepEqual(gaps, ["connectionLost"]);
  again.answer = other.answer = () => "fine";
  assert.equal(await two.client.get("k"), "fine");
  assert.equal(await one.client.get("k"), "fine");
  // The rest of the old instance is not called.
  assert.equal(one.raw.sent.length, 0);
});

test("events come as an EventTarget and as an iterable too", async () => {
  const { client, raw } = await fakeClient();
  const heard = [];
  client.events.addEventListener("missed", ({ detail }) => heard.push(detail.count));
  const iterator = client[Symbol.asyncIterator]();
  raw.hooks.event("missed", { count: 3 });
  raw.hooks.event("internalError", { origin: "x" });
  assert.deepEqual(heard, [3]);
  assert.deepEqual(await iterator.next(), { done: false, value: { type: "missed", detail: { count: 3 } } });
  assert.equal((await iterator.next()).value.type, "internalError");
  const last = iterator.next();
  await client.close();
  assert.equal((await last).done, true);
});

test("multi and pipeline collect commands and give their replies in order", async () => {
  const { client, raw, glue } = await fakeClient();
  const multi = client.multi().set("k", 1, { EX: 5 }).get("k").hGetAll("h");
  assert.equal(multi.length, 3);
  const executed = multi.exec({ timeout: 9 });
  await new Promise(setImmediate);
  const { id, commands, timeout } = raw.transacted;
  assert.deepEqual(commands, [["SET", "k", "1", "EX", "5"], ["GET", "k"], ["HGETALL", "h"]]);
  assert.equal(timeout, 9);
  const bytes = (text) => new TextEncoder().encode(text);
  raw.hooks.settle(id, true, [bytes("+OK\r\n"), bytes("$1\r\n1\r\n"), bytes("%1\r\n+a\r\n+b\r\n")]);
  const [ok, one, hash] = await executed;
  assert.deepEqual([ok, one, hash.a], ["OK", "1", "b"]);
  await assert.rejects(multi.exec(), /have been sent/);
  assert.throws(() => client.multi().get("k", { timeout: 1 }), /options of exec/);
  assert.deepEqual(await client.multi().exec(), []);
  const failing = client.multi().get("k").get("l").exec();
  await new Promise(setImmediate);
  raw.hooks.settle(raw.transacted.id, true, [raw.hooks.error({ kind: "server", message: "no" }), bytes("_\r\n")]);
  await assert.rejects(failing, ServerError);
  const piped = client.pipeline().get("a").send("PING").execSettled();
  raw.replyBytes("$1\r\nx\r\n", "+PONG\r\n");
  assert.deepEqual((await piped).map(({ value }) => value), ["x", "PONG"]);
  assert.ok(glue.names.includes("PING"));
});

test("commands of a database go with its index, and those behind them with their own", async () => {
  const { client, raw } = await fakeClient();
  const other = client.database(3);
  void client.get("a");
  void other.get("b");
  void other.send("GET", "c");
  void client.database(0).get("d");
  void client.get("e");
  void other.pipeline().get("f").exec();
  void client.get("g");
  assert.deepEqual(raw.calls.map(({ words, database }) => [words[1], database]), [
    ["a", -1], ["b", 3], ["c", 3], ["d", 0], ["e", -1], ["f", 3], ["g", -1],
  ]);
  assert.equal(raw.order.filter((kind) => kind === "select").length, 5, "only where the database changes");
  void other.multi().incr("n").exec();
  await new Promise(setImmediate);
  assert.equal(raw.transacted.database, 3);
  void client.get("h");
  assert.equal(raw.calls.at(-1).database, -1, "each turn begins at home");
  for (const index of [-1, 1.5, NaN, "1", undefined, 2 ** 31]) assert.throws(() => client.database(index), /expected an integer/);
});

test("a client is left as it is by what makes proxies of the data of a page", async () => {
  const { client } = await fakeClient();
  // As Vue asks before it makes one.
  assert.equal(client.__v_skip, true);
  assert.ok(!Object.keys(client).includes("__v_skip"));
});
