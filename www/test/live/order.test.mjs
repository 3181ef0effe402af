// The server gets everything in the order in which it was issued.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { connect } from "../../src/node.js";
import { monitor, random, redis, until } from "./support.mjs";

const LIMIT = { timeout: 300_000 };

test("a transaction and a subscription are not overtaken by what is issued after them", LIMIT, async (t) => {
  const server = await redis(t);
  const client = await connect(server.url);
  t.after(() => client.close());
  await client.set("o", 1);
  await Promise.all([client.ping(), client.multi().del("o").exec(), client.set("o", 7)]);
  assert.equal(await client.get("o"), "7");
  await client.set("o", 1);
  const [before, , after] = await Promise.all([client.get("o"), client.multi().set("o", 5).exec(), client.incr("o")]);
  assert.deepEqual([before, after, await client.get("o")], ["1", 6, "6"]);
  const heard = [];
  const [, , receivers] = await Promise.all([client.ping(), client.subscribe("c", ({ payload }) => heard.push(payload)), client.publish("c", "x")]);
  await client.ping();
  assert.deepEqual([receivers, heard], [1, ["x"]]);
});

test("random histories arrive in order", LIMIT, async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1e9);
  t.diagnostic(`SEED=${seed}`);
  const server = await redis(t);
  for (let round = 0; round < 6; round++) {
    const lines = await monitor(t, server);
    // Every other round commands have to wait for room, which SUBSCRIBE and UNSUBSCRIBE do not.
    const narrow = round % 2 === 1;
    const client = await connect(server.url, narrow ? { sendQueueBytes: 30_000 } : {});
    const issued = await play(client, random(seed + round), 400, !narrow);
    await client.set("tag:end", "");
    await until(() => lines.at(-1)?.includes("tag:end"), "the last command");
    await client.close();
    // A transaction is visible when it is executed, after its MULTI.
    const seen = lines.flatMap((line) => (/"(GET|client|info)"/i.test(line) ? [] : [...line.matchAll(/tag:(\d+)/g)].map(([, tag]) => Number(tag))));
    compare(issued, seen, `SEED=${seed} round ${round}`);
  }
});

/** Issues `count` commands and messages; returns their tags in order, and whether each must arrive. */
async function play(client, below, count, subscribes) {
  const issued = [];
  const open = [];
  const subscriptions = [];
  let next = 0;
  const tag = (sure = true) => {
    issued.push({ tag: next, sure });
    return `tag:${next++}`;
  };
  const wait = (promise) => open.push(promise.catch((error) => error));
  const value = () => "x".repeat(below(10) === 0 ? below(20_000) : below(30));
  const acts = [
    () => wait(client.set(tag(), value())),
    () => wait(client.send("SET", tag(), value())),
    () => wait(client.publish(tag(), "x")),
    () => {
      const multi = client.multi();
      for (let n = below(4); n >= 0; n--) multi.set(tag(), value());
      wait(multi.exec());
    },
    () => {
      const pipeline = client.pipeline();
      for (let n = below(4); n >= 0; n--) pipeline.set(tag(), value());
      wait(pipeline.execSettled());
    },
    () => {
      if (!subscribes) return;
      const method = ["subscribe", "pSubscribe", "sSubscribe"][below(3)];
      wait(client[method](tag(), () => {}).then((subscription) => subscriptions.push(subscription)));
    },
    () => {
      const [subscription] = subscriptions.splice(below(subscriptions.length || 1), 1);
      if (!subscription) return;
      // The same tag once more.
      issued.push({ tag: Number(subscription.channel.slice(4)), sure: true });
      subscription.unsubscribe();
    },
    () => {
      const abort = new AbortController();
      const { signal } = abort;
      if (below(2)) wait(client.set(tag(false), value(), { signal }));
      else wait(client.multi().set(tag(false), value()).exec({ signal }));
      if (below(2)) abort.abort();
      else turn().then(() => abort.abort());
    },
    () => wait(client.set(tag(false), value(), { timeout: 1 + below(3) })),
  ];
  for (let n = 0; n < count; n++) {
    acts[below(acts.length)]();
    const pause = below(12);
    if (pause === 0) await turn();
    else if (pause === 1) await open.at(-1);
    else if (pause === 2) await null;
  }
  await Promise.all(open);
  return issued;
}

/** Required tags have arrived, in order; others may be missing, but not out of order. */
function compare(issued, seen, where) {
  let at = 0;
  for (const tag of seen) {
    while (at < issued.length && issued[at].tag !== tag) {
      assert.ok(!issued[at].sure, `${where}: ${tag} came before ${issued[at].tag}`);
      at += 1;
    }
    assert.ok(at < issued.length, `${where}: ${tag} came late`);
    at += 1;
  }
  assert.ok(issued.slice(at).every(({ sure }) => !sure), `${where}: the end is missing`);
}
