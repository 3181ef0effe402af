import assert from "node:assert/strict";
import { test } from "node:test";

import { KIND } from "../../src/outbox.js";
import { fakeClient } from "../fake.js";

/** A message as the wasm side delivers it: its bytes are gone after the call. */
function tell(raw, id, channel, payload) {
  raw.tell(id, [channel, payload]);
}

test("messages go to the callback with channel and pattern", async () => {
  const { client, raw } = await fakeClient();
  const heard = [];
  const subscription = await client.pSubscribe("news.*", (message) => heard.push(message));
  const { id, kind, channel } = raw.subscriptions[0];
  assert.deepEqual([kind, channel], [KIND.pSubscribe, "news.*"]);
  tell(raw, id, "news.a", "hello");
  assert.deepEqual(heard, [{ channel: "news.a", payload: "hello", pattern: "news.*" }]);
  subscription.unsubscribe();
  subscription.unsubscribe();
  raw.flush();
  assert.deepEqual(raw.cancelled, [id]);
  assert.equal(subscription.active, false);
  tell(raw, id, "news.a", "late");
  assert.equal(heard.length, 1);
});

test("iterates in order and ends when the client is closed", async () => {
  const { client, raw } = await fakeClient();
  const subscription = await client.subscribe("ch", { bytes: true });
  const { id } = raw.subscriptions[0];
  for (const payload of ["a", "b"]) tell(raw, id, "ch", payload);
  const heard = [];
  const done = (async () => {
    for await (const { payload, pattern } of subscription) heard.push([String.fromCharCode(...payload), pattern]);
  })();
  await new Promise(setImmediate);
  tell(raw, id, "ch", "c");
  await client.close();
  await done;
  assert.deepEqual(heard, [["a", null], ["b", null], ["c", null]]);
});

test("leaving the loop unsubscribes", async () => {
  const { client, raw } = await fakeClient();
  const subscription = await client.sSubscribe("ch");
  const { id, kind } = raw.subscriptions[0];
  assert.equal(kind, KIND.sSubscribe);
  tell(raw, id, "ch", "a");
  for await (const message of subscription) {
    assert.equal(message.payload, "a");
    break;
  }
  raw.flush();
  assert.deepEqual(raw.cancelled, [id]);
});

test("a slow reader loses the oldest messages and learns how many", async () => {
  const { client, raw } = await fakeClient({ subscriptionCapacity: 2 });
  const gaps = [];
  const events = [];
  client.on("missed", (event) => events.push(event));
  const subscription = await client.subscribe("ch", undefined, { onMissed: (gap) => gaps.push(gap) });
  const { id } = raw.subscriptions[0];
  for (let n = 0; n < 5; n++) tell(raw, id, "ch", String(n));
  // Slow is a reader that has had a turn to read.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const iterator = subscription[Symbol.asyncIterator]();
  assert.equal((await iterator.next()).value.payload, "3");
  assert.equal((await iterator.next()).value.payload, "4");
  raw.hooks.missed(id, "connectionLost", undefined);
  assert.deepEqual(gaps, [{ cause: "queueFull", count: 3 }, { cause: "connectionLost", count: null }]);
  const message = "a subscription missed 3 messages: queueFull";
  assert.deepEqual(events[0], { cause: "queueFull", count: 3, source: "subscription", channel: "ch", message });
});

test("what waits for a slow reader is bounded in bytes at any time, also within one turn", async () => {
  const { client, raw } = await fakeClient({ subscriptionBytes: 10_000 });
  const gaps = [];
  const subscription = await client.subscribe("ch", undefined, { onMissed: (gap) => gaps.push(gap) });
  const { id } = raw.subscriptions[0];
  const iterator = subscription[Symbol.asyncIterator]();
  const next = async () => (await iterator.next()).value.payload;
  // Each takes 3 bytes a letter, 2 of the channel and 100 more: three of them are too much.
  const text = (n) => `${n}${"€".repeat(1300)}`;
  raw.tell(id, ...[0, 1, 2, 3].map((n) => ["ch", text(n)]));
  assert.deepEqual([await next(), await next()], [text(2), text(3)]);
  assert.deepEqual(gaps, [{ cause: "queueFull", count: 2 }]);
  // One waits however large it is, and small ones count too.
  raw.tell(id, ["ch", "a"], ["ch", "x".repeat(20_000)]);
  assert.equal((await next()).length, 20_000);
  raw.tell(id, ...Array.from({ length: 1000 }, (_, n) => ["ch", String(n % 10)]));
  assert.equal(await next(), String((1000 - Math.floor(10_000 / 103)) % 10));
  assert.deepEqual(gaps.slice(1), [{ cause: "queueFull", count: 1 }, { cause: "queueFull", count: 1000 - Math.floor(10_000 / 103) }]);
});

test("a refused subscription rejects; an aborted one is cancelled", async () => {
  const { client, raw } = await fakeClient();
  raw.holdSubscriptions = true;
  const refused = client.subscribe("ch");
  raw.flush();
  raw.hooks.settle(raw.subscriptions[0].id, false, raw.hooks.error({ kind: "server", message: "NOPERM" }));
  await assert.rejects(refused, /NOPERM/);
  const controller = new AbortController();
  const aborted = client.subscribe("ch", { signal: controller.signal });
  controller.abort();
  await assert.rejects(aborted, { name: "AbortError" });
  raw.flush();
  assert.deepEqual(raw.cancelled, [raw.subscriptions[1].id]);
});

test("what makes no sense is refused", async () => {
  const { client, raw } = await fakeClient();
  await assert.rejects(client.subscribe("ch", "no function"), /not a function/);
  await assert.rejects(client.subscribe("ch", () => {}, { byte: true }), /subscribe: byte is not an option/);
  await assert.rejects(client.subscribe(undefined), /argument 0 is undefined/);
  assert.equal(raw.subscriptions.length, 0);
  const subscription = await client.subscribe("ch", () => {});
  assert.throws(() => subscription[Symbol.asyncIterator](), /cannot be iterated/);
});

test("messages that came together are delivered one by one, also when a listener makes the memory grow", async () => {
  const { client, raw, glue } = await fakeClient();
  const heard = [];
  const subscription = await client.subscribe("ch", (message) => {
    heard.push(message);
    if (heard.length === 2) glue.grow();
    if (heard.length === 4) subscription.unsubscribe();
  });
  const long = "x".repeat(300);
  raw.tell(raw.subscriptions[0].id, ["ch", "a"], ["ch", "ß".repeat(20)], ["ch", long], ["ch", ""], ["ch", "late"]);
  assert.deepEqual(heard.map(({ payload }) => payload), ["a", "ß".repeat(20), long, ""]);
  assert.deepEqual(heard[0], { channel: "ch", payload: "a", pattern: null });
});

test("bytes in a message that are no text are replaced, and bytes are copies", async () => {
  const { client, raw } = await fakeClient();
  const heard = [];
  const channel = Uint8Array.of(99, 0xff);
  await client.subscribe(channel, ({ channel, payload }) => heard.push([channel, payload]));
  await client.subscribe("ch", ({ payload }) => heard.push([...payload]), { bytes: true });
  const [texts, bytes] = raw.subscriptions.map(({ id }) => id);
  for (const length of [1, 300]) raw.tell(texts, [channel, new Uint8Array(length).fill(0xff)]);
  raw.tell(bytes, ["ch", Uint8Array.of(1, 255)]);
  assert.deepEqual(heard, [["c\ufffd", "\ufffd"], ["c\ufffd", "\ufffd".repeat(300)], [1, 255]]);
});
