// Several servers: a cluster, its replicas, and groups.

import assert from "node:assert/strict";
import { test } from "node:test";

import { connect, connectGroup } from "../../src/node.js";
import { cluster, redis, until } from "./support.mjs";

const LIMIT = { timeout: 300_000 };

test("one client for a cluster: every command goes where its keys are", LIMIT, async (t) => {
  const nodes = await cluster(t);
  // One address is enough, and the server says what it is.
  const redis = await connect(nodes[0].url);
  t.after(() => redis.close());
  const names = Array.from({ length: 300 }, (_, n) => `k${n}`);
  await Promise.all(names.map((name, n) => redis.set(name, n)));
  assert.deepEqual(await redis.mGet(names), names.map((_, n) => String(n)));
  assert.equal(await redis.dbSize(), 300);
  const sizes = await Promise.all(redis.nodes().map(({ endpoint }) => redis.node(endpoint).dbSize()));
  assert.ok(sizes.length === 3 && sizes.every((size) => size > 50), sizes);
  assert.equal(redis.hashSlot("{user}.a"), redis.hashSlot("user"));
  const found = new Set();
  for await (const key of redis.scanIterator({ MATCH: "k*", COUNT: 50 })) found.add(key);
  assert.equal(found.size, 300);
  for await (const page of redis.scanIterator().batches()) assert.ok(page.length > 0);
  for await (const _ of redis.scanIterator()) break;
  const keysOf = async (client, options) => {
    const keys = [];
    for await (const key of client.scanIterator(options)) keys.push(key);
    return keys.sort();
  };
  const tenant = redis.withKeyPrefix("tenant:");
  await Promise.all(["a", "b", "c"].map((key) => tenant.set(key, 1)));
  assert.deepEqual(await keysOf(tenant), ["a", "b", "c"]);
  assert.deepEqual(await keysOf(tenant, { MATCH: "b*" }), ["b"]);
  const parts = await Promise.all(redis.nodes().map(({ endpoint }) => keysOf(redis.node(endpoint))));
  assert.ok(parts.every((part) => part.length > 50) && parts.flat().length === 303, parts.map((part) => part.length).join());
  await tenant.del(["a", "b", "c"]);
  // No replica is there.
  await assert.rejects(redis.withReadFrom("replica").get("k1"), { code: "ERR_REDMUX_NO_REPLICA", name: "CommandError", delivery: "not-sent" });

  assert.deepEqual(await redis.multi().incr("{t}a").incr("{t}b").exec(), [1, 1]);
  await assert.rejects(redis.multi().incr("a").incr("b").exec(), { message: /CROSSSLOT|slot/i });
  assert.deepEqual(await redis.pipeline().incr("a").incr("b").incr("c").exec(), [1, 1, 1]);
  const wait = redis.blPop("jobs", 10);
  await redis.rPush("jobs", "job");
  assert.deepEqual(await wait, { key: "jobs", element: "job" });
  assert.equal(await redis.watch("{t}a", async (tx) => (await tx.multi().incr("{t}a").exec())[0]), 2);
  assert.throws(() => redis.node("127.0.0.1:1"), { message: /no server is known/ });
  const sum = redis.script("return redis.call('INCRBY', KEYS[1], ARGV[1])");
  assert.deepEqual(await Promise.all(["x", "y", "z"].map((key) => sum([key], [7]))), [7, 7, 7]);
  const got = [];
  await redis.subscribe("news", ({ payload }) => got.push(payload));
  await redis.sSubscribe("shard", ({ payload }) => got.push(payload));
  await redis.publish("news", "one");
  await redis.sPublish("shard", "two");
  await until(() => got.length === 2, "both messages");
  assert.equal(redis.status().nodes.length, 3);
});

test("slots that move are followed, and said", LIMIT, async (t) => {
  const nodes = await cluster(t);
  const redis = await connect(nodes.map(({ endpoint }) => endpoint), { mode: "cluster" });
  t.after(() => redis.close());
  await redis.set("key", "before");
  const slot = redis.hashSlot("key");
  const from = nodes[Math.floor(slot / 5462)];
  const to = nodes.find((node) => node !== from && nodes.indexOf(node) < 3);
  const moved = new Promise((resolve) => redis.on("hashSlotsMoved", resolve));
  const [source, target] = [await from.ask("CLUSTER", "MYID"), await to.ask("CLUSTER", "MYID")];
  await to.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source);
  await from.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target);
  await from.ask("MIGRATE", "127.0.0.1", to.port, "key", 0, 5000);
  assert.equal(await redis.get("key"), "before");
  for (const node of [to, from]) await node.ask("CLUSTER", "SETSLOT", slot, "NODE", target);
  await redis.set("key", "after");
  assert.equal(await redis.get("key"), "after");
  const event = await moved;
  assert.deepEqual([event.slots, event.to], [[[slot, slot]], to.endpoint]);
  assert.match(event.message, /slot/);
});

test("a primary that is killed is replaced by its replica, and reads may go to replicas", LIMIT, async (t) => {
  const nodes = await cluster(t, 1);
  const redis = await connect(nodes[0].url, { mode: "cluster", backlog: { commands: 10_000 } });
  t.after(() => redis.close());
  await redis.set("key", "value");
  const reports = redis.withReadFrom("replica");
  await until(async () => (await reports.get("key").catch(() => null)) === "value", "a replica that has it");
  await until(() => redis.nodes().filter(({ role }) => role === "replica").length === 3, "all replicas");
  const owner = redis.nodes().find(({ slots }) => slots.some(([first, last]) => first <= redis.hashSlot("key") && redis.hashSlot("key") <= last));
  nodes.find(({ endpoint }) => endpoint === owner.endpoint).child.kill("SIGKILL");
  await until(async () => (await redis.set("key", "again", { timeout: 500 }).catch(() => null)) === "OK", "a new primary");
  assert.equal(await redis.get("key"), "again");
});

test("a group uses one of its members, and goes to the next when that one ends", LIMIT, async (t) => {
  const [near, far] = [await redis(t), await redis(t)];
  const group = await connectGroup([
    { name: "near", url: near.url, weight: 2 },
    { name: "far", url: `127.0.0.1:${far.port}` },
  ], { probeInterval: 200, probeGap: 50, probes: 2, keyPrefix: "g:" });
  t.after(() => group.close());
  const events = [];
  group.on("activeMemberChanged", ({ from, to, reason }) => events.push([from, to, reason]));
  await group.set("k", "near");
  assert.equal(group.group.active, "near");
  near.child.kill("SIGKILL");
  await until(async () => (await group.set("k", "far", { timeout: 500 }).catch(() => null)) === "OK", "the other one");
  assert.equal(group.group.active, "far");
  assert.deepEqual(events, [["near", "far", "unhealthy"]]);
  const own = await connect(far.url);
  assert.equal(await own.get("g:k"), "far");
  await own.close();
  await near.again();
  await until(() => group.group.active === "near", "the first one again");
  assert.equal(await group.group.failOverTo("far"), true);
  await group.group.setWeight("far", 5);
  await group.group.release();
  await group.group.remove("near");
  assert.deepEqual(group.group.members.map(({ name }) => name), ["far"]);
  await assert.rejects(group.group.failOverTo("nobody"), { message: /no member/ });
  await assert.rejects(connectGroup([{ name: "a", url: far.url }, { name: "a", url: far.url }]), { kind: "config" });
  await assert.rejects(connectGroup([]), { message: /array of members/ });
});
