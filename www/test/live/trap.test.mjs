// A client of a cluster when the wasm instance stops. This file has a process of its own, because the instance is that of the process.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as glue from "../../pkg/redmux_server.js";
import { connect } from "../../src/node.js";
import { cluster, until } from "./support.mjs";

test("a client of a cluster goes on after a trap, as one of a cluster", { timeout: 300_000 }, async (t) => {
  const nodes = await cluster(t);
  const client = await connect(nodes[0].url, { replies: { sets: "array" } });
  t.after(() => client.disconnect());
  await client.mSet({ a: 1, b: 2, c: 3 });
  const got = [];
  await client.subscribe("news", ({ payload }) => got.push(payload));
  const views = { prefixed: client.withKeyPrefix("p:"), node: client.node(nodes[1].endpoint), replies: client.withReplies({ text: "buffer" }) };
  const lease = await client.lease();
  const waiting = [
    client.blPop("none", 0),
    client.watch("a", () => new Promise(() => {})),
  ];
  const scan = client.scanIterator({ COUNT: 1 });
  await scan.next();
  await until(async () => /^blocked_clients:1\r$/m.test((await Promise.all(nodes.map(({ ask }) => ask("INFO", "clients")))).join("")), "a command that waits");
  const faults = [];
  client.on("internalError", ({ origin }) => faults.push(origin));

  const { memory } = await glue.default();
  new Uint8Array(memory.buffer).fill(0xff);
  await assert.rejects(client.get("a"), { code: "ERR_REDMUX_INTERNAL", delivery: "maybe-executed" });
  for (const one of waiting) await assert.rejects(one, { code: "ERR_REDMUX_INTERNAL" });
  await assert.rejects(async () => {
    for await (const _ of scan);
  }, { code: "ERR_REDMUX_INTERNAL" });
  await assert.rejects(lease.get("a"), { kind: "closed", delivery: "not-sent" });
  assert.deepEqual(faults, ["wasm"]);

  // The slots of these keys are those of three servers.
  assert.deepEqual(await client.mGet(["a", "b", "c"]), ["1", "2", "3"]);
  assert.equal(client.nodes().filter(({ role }) => role === "primary").length, 3);
  await views.prefixed.set("k", "v");
  assert.equal(await client.get("p:k"), "v");
  assert.match(await views.node.info("server"), new RegExp(`tcp_port:${nodes[1].port}\r`));
  assert.deepEqual(await views.replies.get("b"), Buffer.from("2"));
  const keys = [];
  for await (const key of client.scanIterator()) keys.push(key);
  assert.deepEqual(keys.sort(), ["a", "b", "c", "p:k"]);
  assert.deepEqual(await client.watch("a", async (tx) => tx.multi().incr("a").exec()), [2]);
  await client.rPush("jobs", "x");
  assert.deepEqual(await client.blPop("jobs", 1), { key: "jobs", element: "x" });
  await until(async () => {
    await client.publish("news", "after");
    return got.includes("after");
  }, "a message after the trap");
  (await client.lease()).release();
});
