// A fast reader loses nothing, however much comes at once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { connect } from "../../src/node.js";
import { gateway, redis, until } from "./support.mjs";

const LIMIT = { timeout: 300_000 };

/** Publishes `count` messages at once. */
async function publish(client, channel, count) {
  const source = "for n = 0, ARGV[1] - 1 do redis.call('PUBLISH', KEYS[1], n) end";
  await client.eval(source, [channel], [count], { timeout: Infinity });
}

/** Checks that every number was heard once, in order. */
function inOrder(heard, count) {
  assert.equal(heard.length, count);
  assert.equal(heard.findIndex((payload, n) => payload !== String(n)), -1);
}

for (const [name, options] of [["RESP3", {}], ["RESP2", { protocol: 2 }], ["gateway", { gateway: true }]]) {
  test(`a burst reaches a callback and a fast iterator whole: ${name}`, LIMIT, async (t) => {
    const server = await redis(t);
    const { gateway: through, ...rest } = options;
    const url = through ? await gateway(t, server) : server.url;
    const [subscriber, publisher] = await Promise.all([connect(url, rest), connect(server.url)]);
    t.after(() => Promise.all([subscriber.close(), publisher.close()]));
    const missed = [];
    subscriber.on("missed", (event) => missed.push(event));
    for (const count of [5000, 200_000]) {
      const channel = `burst:${count}`;
      const [called, iterated] = [[], []];
      await subscriber.subscribe(channel, ({ payload }) => called.push(payload));
      const messages = await subscriber.subscribe(channel);
      const reading = (async () => {
        for await (const { payload } of messages) {
          iterated.push(payload);
          if (iterated.length === count) return;
        }
      })();
      await publish(publisher, channel, count);
      await until(() => called.length + missed.length >= count, "the messages");
      inOrder(called, count);
      await reading;
      inOrder(iterated, count);
    }
    assert.deepEqual(missed, []);
  });
}

test("a slow iterator keeps the newest messages, up to its capacity, and hears of the rest", LIMIT, async (t) => {
  const server = await redis(t);
  const client = await connect(server.url, { subscriptionCapacity: 10 });
  t.after(() => client.close());
  const gaps = [];
  const messages = await client.subscribe("slow", { onMissed: (gap) => gaps.push(gap) });
  await publish(client, "slow", 3000);
  await sleep(50);
  const iterator = messages[Symbol.asyncIterator]();
  const read = [];
  for (let n = 0; n < 10; n++) read.push((await iterator.next()).value.payload);
  assert.deepEqual(read, Array.from({ length: 10 }, (_, n) => String(2990 + n)));
  assert.deepEqual(gaps, [{ cause: "queueFull", count: 2990 }]);
});

test("every error of a burst is an event", LIMIT, async (t) => {
  const server = await redis(t);
  for (const options of [{}, { protocol: 2 }]) {
    const client = await connect(server.url, options);
    await client.set("text", "x");
    const seen = { errorMessage: 0, missed: 0, iterated: 0, target: 0 };
    client.on("errorMessage", () => (seen.errorMessage += 1));
    client.on("missed", () => (seen.missed += 1));
    client.events.addEventListener("errorMessage", () => (seen.target += 1));
    const reading = (async () => {
      for await (const { type } of client) seen.iterated += type === "errorMessage" ? 1 : 0;
    })();
    const count = 5000;
    await Promise.allSettled(Array.from({ length: count }, () => client.incr("text", { timeout: Infinity })));
    await client.close();
    await reading;
    assert.deepEqual(seen, { errorMessage: count, missed: 0, iterated: count, target: count });
  }
});
