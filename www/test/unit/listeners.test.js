// What a listener throws harms nothing, and is reported.

import assert from "node:assert/strict";
import { test } from "node:test";

import { fakeClient } from "../fake.js";

test("every kind of listener may throw, or reject", async (t) => {
  const written = [];
  t.mock.method(console, "error", (error) => written.push(error.message));
  const { client, raw } = await fakeClient();
  const told = [];
  client.on("listenerError", ({ origin, error, message }) => told.push([origin, error.message, message]));
  const thrower = (message) => () => { throw new Error(message); };
  const handler = { handleEvent: thrower("object") };
  client.on("missed", thrower("on"));
  client.on("missed", async () => { throw new Error("async"); });
  client.events.addEventListener("missed", thrower("target"));
  client.events.addEventListener("missed", handler);
  await client.subscribe("ch", thrower("callback"), { onMissed: thrower("onMissed") });
  const [{ id }] = raw.subscriptions;
  raw.tell(id, ["ch", "a"]);
  raw.hooks.event("missed", {});
  client.events.removeEventListener("missed", handler);
  raw.hooks.missed(id, "connectionLost", undefined);
  await new Promise(setImmediate);
  const messages = ["callback", "target", "object", "on", "onMissed", "target", "on", "async", "async"];
  assert.deepEqual(written, messages);
  assert.deepEqual(told.map(([, message]) => message), messages);
  assert.deepEqual(told[0], ["subscribe", "callback", "a listener threw: subscribe"]);
  const call = client.get("k");
  raw.reply("v");
  assert.equal(await call, "v");
});

test("a listener of listenerError that throws, or rejects, is written to the console and not called again for it", async (t) => {
  const written = [];
  t.mock.method(console, "error", (error) => written.push(error.message));
  const { client, raw } = await fakeClient();
  client.on("listenerError", () => { throw new Error("second"); });
  client.on("listenerError", async () => { throw new Error("third"); });
  client.on("missed", () => { throw new Error("first"); });
  raw.hooks.event("missed", {});
  await new Promise(setImmediate);
  assert.deepEqual(written, ["first", "second", "third"]);
});

test("listeners of events are called as the platform calls them", async () => {
  const { client, raw } = await fakeClient();
  const heard = [];
  function listener(event) {
    heard.push([this === client.events, event.type, event.detail.count]);
  }
  client.events.addEventListener("missed", listener);
  client.events.addEventListener("missed", listener);
  client.events.addEventListener("missed", () => heard.push("once"), { once: true });
  raw.hooks.event("missed", { count: 1 });
  client.events.removeEventListener("missed", listener);
  raw.hooks.event("missed", { count: 2 });
  assert.deepEqual(heard, [[true, "missed", 1], "once"]);
});

test("a transport that throws where nobody waits for it harms nothing", async () => {
  const { openLink } = await import("../../src/transports/channel.js");
  const threw = [];
  const ends = [];
  const sink = { open() {}, data() {}, drain() {}, end: (...end) => ends.push(end), threw: (error) => threw.push(error.message) };
  const channel = { open() {}, write() {}, close() { throw new Error("close"); }, get buffered() { throw new Error("buffered"); } };
  const opened = async () => {
    const link = openLink(async () => channel, {}, sink, () => new Uint8Array(8), () => {});
    await new Promise(setImmediate);
    return link;
  };
  (await opened()).close();
  (await opened()).destroy();
  assert.equal((await opened()).write(new Uint8Array(1)), true);
  await new Promise(setImmediate);
  assert.deepEqual(threw, ["close", "close", "close"]);
  assert.deepEqual(ends.map(([kind, message]) => [kind, message]), [[0, ""], [0, ""], [1, "buffered"]]);
});
