// Everything that is open when the wasm instance stops, or the client ends.

import assert from "node:assert/strict";
import { test } from "node:test";

import { fakeClient } from "../fake.js";

const turn = () => new Promise(setImmediate);
const stopped = { code: "ERR_REDMUX_INTERNAL" };

test("what is issued after a trap crosses to the new instance in order, connected or not", async () => {
  const one = await fakeClient();
  const { FakeRaw } = await import("../fake.js");
  const confirmed = await one.client.subscribe("kept");
  one.raw.trap = new WebAssembly.RuntimeError("unreachable");
  FakeRaw.silent = true;
  try {
    await assert.rejects(one.client.get("k"), stopped);
  } finally {
    FakeRaw.silent = false;
  }
  const again = one.glue.raws.at(-1);
  again.engine = one.engine;
  const multi = one.client.multi().get("a").exec({ timeout: 1000 });
  const subscribing = one.client.subscribe("new");
  one.client.get("k").catch(() => {});
  again.flush();
  assert.deepEqual(again.order, ["subscribe", "transaction", "subscribe", "GET"]);
  assert.equal(again.transacted.timeout, 1000);
  again.hooks.settle(again.transacted.id, false, again.hooks.error({ kind: "timeout", stage: "queue", message: "late" }));
  await assert.rejects(multi, { code: "ERR_REDMUX_TIMEOUT_QUEUE" });
  assert.equal((await subscribing).active, true);
  assert.equal(confirmed.active, true);
  assert.deepEqual(one.client.status().connections, []);
});

test("a close under way ends with a trap, and leaves nothing", async () => {
  const { client, raw, engine, instance } = await fakeClient();
  raw.close = () => {};
  const closing = client.close();
  const removed = [];
  const { remove } = instance;
  instance.remove = (gone) => {
    removed.push(gone);
    remove.call(instance, gone);
  };
  raw.trap = new WebAssembly.RuntimeError("unreachable");
  assert.throws(() => client.status());
  await closing;
  assert.deepEqual(removed, [engine]);
  await assert.rejects(client.get("k"), { code: "ERR_REDMUX_CLOSED" });
  assert.deepEqual(client.status(), { connections: [], subscriptions: 0, cache: null });
});

test("after close the status has its type, events end, and nothing is kept", async () => {
  const { client, raw } = await fakeClient();
  await client.close();
  await turn();
  assert.equal(raw.freed, 1);
  assert.deepEqual(client.status(), { connections: [], subscriptions: 0, cache: null });
  for await (const event of client) assert.fail(event.type);
  await assert.rejects(client.subscribe("ch"), { code: "ERR_REDMUX_CLOSED" });
  await assert.rejects(client.multi().get("k").exec(), { code: "ERR_REDMUX_CLOSED" });
});

test("a subscription that cannot be made again throws out of its iterator", async () => {
  const { client, raw, glue, engine } = await fakeClient();
  const subscription = await client.subscribe("ch");
  const next = subscription[Symbol.asyncIterator]().next();
  raw.trap = new WebAssembly.RuntimeError("unreachable");
  await assert.rejects(client.get("k"), stopped);
  const again = glue.raws.at(-1);
  again.engine = engine;
  again.holdSubscriptions = true;
  again.flush();
  again.hooks.settle(again.subscriptions[0].id, false, again.hooks.error({ kind: "server", message: "NOPERM" }));
  await assert.rejects(next, /NOPERM/);
  assert.equal(subscription.active, false);
  for await (const message of subscription) assert.fail(message.payload);
});

test("a number is used again only when the wasm side has let go of it", async () => {
  const { client, raw } = await fakeClient();
  const abort = new AbortController();
  const aborted = client.get("k", { signal: abort.signal });
  const transaction = client.multi().get("k").exec({ signal: abort.signal });
  const subscribing = client.subscribe("ch", { signal: abort.signal });
  raw.holdSubscriptions = true;
  raw.flush();
  abort.abort(new Error("enough"));
  for (const open of [aborted, transaction, subscribing]) await assert.rejects(open, /enough/);
  const ids = [raw.sent[0].id, raw.transacted.id, raw.subscriptions[0].id];
  // The command crosses together with its cancellation.
  raw.hooks.settle(ids[0], false, raw.hooks.error({ kind: "timeout", message: "late" }));
  raw.hooks.settle(ids[1], true, []);
  raw.hooks.ended(ids[2]);
  raw.sent.length = 0;
  for (let n = 0; n < 3; n++) client.get("k").catch(() => {});
  raw.flush();
  assert.ok(raw.sent.every(({ id }) => !ids.includes(id)));
  assert.deepEqual(raw.cancelled, ids);
  for (const id of ids) raw.hooks.settle(id, false, undefined);
  for (let n = 0; n < 3; n++) client.get("k").catch(() => {});
  raw.flush();
  assert.deepEqual(raw.sent.slice(3).map(({ id }) => id).sort(), ids.sort());
});
