import assert from "node:assert/strict";
import { test } from "node:test";

import { fakeClient } from "../fake.js";

/** A message as the wasm side tells it: views of its memory, valid during the call. */
function tell(raw, id, ...texts) {
  const views = texts.map((text) => text && new TextEncoder().encode(text));
  raw.hooks.message(id, ...views);
  for (const view of views) view?.fill(0);
}

test("messages go to the callback with channel and pattern", async () => {
  const { client, raw } = await fakeClient();
  const heard = [];
  const subscription = await client.pSubscribe("news.*", (message) => heard.push(message));
  const { id, kind, channel } = raw.subscriptions[0];
  assert.deepEqual([kind, channel], [1, "news.*"]);
  tell(raw, id, "news.a", "hello", "news.*");
  assert.deepEqual(heard, [{ channel: "news.a", payload: "hello", pattern: "news.*" }]);
  subscription.unsubscribe();
  subscription.unsubscribe();
  assert.deepEqual(raw.cancelled, [id]);
  assert.equal(subscription.active, false);
  tell(raw, id, "news.a", "late", "news.*");
  assert.equal(heard.length, 1);
});

test("iterates in order and ends when the client is closed", async () => {
  const { client, raw } = await fakeClient();
  const subscription = await client.subscribe("ch", { bytes: true });
  const { id } = raw.subscriptions[0];
  for (const payload of ["a", "b"]) tell(raw, id, "ch", payload, undefined);
  const heard = [];
  const done = (async () => {
    for await (const { payload, pattern } of subscription) heard.push([String.fromCharCode(...payload), pattern]);
  })();
  await new Promise(setImmediate);
  tell(raw, id, "ch", "c", undefined);
  await client.close();
  await done;
  assert.deepEqual(heard, [["a", null], ["b", null], ["c", null]]);
});

test("leaving the loop unsubscribes", async () => {
  const { client, raw } = await fakeClient();
  const subscription = await client.sSubscribe("ch");
  const { id, kind } = raw.subscriptions[0];
  assert.equal(kind, 2);
  tell(raw, id, "ch", "a", undefined);
  for await (const message of subscription) {
    assert.equal(message.payload, "a");
    break;
  }
  assert.deepEqual(raw.cancelled, [id]);
});

test("a slow reader loses the oldest messages and is told how many", async () => {
  const { client, raw } = await fakeClient({ subscriptionCapacity: 2 });
  const gaps = [];
  const events = [];
  client.on("missed", (event) => events.push(event));
  const subscription = await client.subscribe("ch", undefined, { onMissed: (gap) => gaps.push(gap) });
  const { id } = raw.subscriptions[0];
  for (let n = 0; n < 5; n++) tell(raw, id, "ch", String(n), undefined);
  const iterator = subscription[Symbol.asyncIterator]();
  assert.equal((await iterator.next()).value.payload, "3");
  assert.equal((await iterator.next()).value.payload, "4");
  raw.hooks.missed(id, "connectionLost", undefined);
  assert.deepEqual(gaps, [{ cause: "queueFull", count: 3 }, { cause: "connectionLost", count: null }]);
  const message = "a subscription missed 3 messages: queueFull";
  assert.deepEqual(events[0], { cause: "queueFull", count: 3, source: "subscription", channel: "ch", message });
});

test("a refused subscription rejects; an aborted one is cancelled", async () => {
  const { client, raw } = await fakeClient();
  raw.holdSubscriptions = true;
  const refused = client.subscribe("ch");
  raw.hooks.settle(raw.subscriptions[0].id, false, raw.hooks.error({ kind: "server", message: "NOPERM" }));
  await assert.rejects(refused, /NOPERM/);
  const controller = new AbortController();
  const aborted = client.subscribe("ch", { signal: controller.signal });
  controller.abort();
  await assert.rejects(aborted, { name: "AbortError" });
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
