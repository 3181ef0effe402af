// Clients that connect later, and clients that keep no process alive.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { connect } from "../../src/node.js";
import { program, redis, until } from "./support.mjs";

const LIMIT = { timeout: 300_000 };

test("a lazy client connects with what is asked first, whatever that is", LIMIT, async (t) => {
  const server = await redis(t);
  const admin = await connect(server.url);
  t.after(() => admin.close());
  await admin.rPush("list", "x");
  const clients = async () => (await admin.send("CLIENT", "LIST")).match(/name=lazy/g)?.length ?? 0;
  const got = [];
  for (const first of [
    (lazy) => lazy.ping(),
    (lazy) => lazy.connect(),
    (lazy) => lazy.subscribe("c", ({ payload }) => got.push(payload)),
    (lazy) => lazy.multi().ping().exec(),
    (lazy) => lazy.blPop("list", 0.1),
    async (lazy) => (await lazy.lease()).release(),
    (lazy) => lazy.watch("k", (tx) => tx.multi().set("k", 1).exec()),
    (lazy) => lazy.withKeyPrefix("p:").withRetry({ attempts: 2 }).set("k", 1),
    (lazy) => lazy.monitor().next(),
  ]) {
    const lazy = await connect(server.url, { lazyConnect: true, clientName: "lazy", retry: { attempts: 2 } });
    await sleep(20);
    assert.equal(await clients(), 0, String(first));
    assert.deepEqual(lazy.status().connections, []);
    const asked = first(lazy);
    if (String(first).includes("monitor")) await until(async () => (await admin.ping(), true) && (await clients()) > 0, "a monitor");
    await asked;
    await lazy.connect();
    assert.equal(await lazy.ping(), "PONG");
    lazy.disconnect();
    await until(async () => (await clients()) === 0, "no client");
  }
});

test("a lazy client that is closed first, or cannot connect, ends everything with a clear error", LIMIT, async (t) => {
  const server = await redis(t);
  const closed = await connect(server.url, { lazyConnect: true });
  await closed.close();
  await assert.rejects(closed.get("k"), { kind: "closed" });
  await assert.rejects(closed.connect(), { kind: "closed" });
  server.child.kill("SIGKILL");
  const away = await connect(server.url, { lazyConnect: true, connectRetry: 1 });
  const [get, lease, connected] = await Promise.allSettled([away.get("k"), away.lease(), away.connect()]);
  for (const { status, reason } of [get, lease, connected]) {
    assert.equal(status, "rejected");
    assert.match(reason.message, /ECONNREFUSED/);
  }
  await assert.rejects(away.get("k"), { kind: "closed", message: /ECONNREFUSED/ });
  const patient = await connect(server.url, { lazyConnect: true, abortOnConnectFail: false });
  const waits = patient.get("k", { timeout: 60_000 });
  await sleep(50);
  await server.again();
  assert.equal(await waits, null);
  await patient.close();
  await assert.rejects(connect(server.url, { lazyConnect: "yes" }), { message: /lazyConnect: expected true or false/ });
});

test("a client that was told so keeps no process alive", LIMIT, async (t) => {
  const server = await redis(t);
  // The process ends by itself, idle or subscribed.
  for (const lines of [
    `const c = await connect(url); console.log(await c.ping()); c.unref();`,
    `const c = await connect(url); await c.subscribe("news", () => {}); console.log(await c.ping()); c.unref();`,
    `const c = await connect(url); const d = await c.duplicate(); await d.close(); console.log(await c.ping()); await c.blPop("q", 0.01); c.unref();`,
    `const c = await connect(url); c.unref(); c.ref(); setTimeout(() => c.unref(), 300); console.log(await c.ping());`,
  ]) {
    const { out } = await program(t, server.url, lines);
    assert.equal(out, "PONG\n", lines);
  }
  const begun = Date.now();
  await program(t, server.url, `const c = await connect(url); c.unref(); c.ref(); setTimeout(() => c.close(), 1000);`);
  assert.ok(Date.now() - begun >= 1000);
});
