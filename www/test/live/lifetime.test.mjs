// Closed clients and subscriptions leave nothing behind.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import * as glue from "../../pkg/redmux_server.js";
import { connect } from "../../src/node.js";
import { collectGarbage, program, redis, until } from "./support.mjs";

const LIMIT = { timeout: 300_000 };
/** Bytes that a client may leave behind: fewer than any leaked object has. */
const LEAK = 200;

/** Counts the collected objects of those that `make` returns. */
async function collected(count, make) {
  let done = 0;
  const registry = new FinalizationRegistry(() => (done += 1));
  for (let n = 0; n < count; n++) registry.register(await make(), null);
  await until(async () => {
    collectGarbage();
    await sleep(20);
    return done === count;
  }, `${count} collected`);
}

/** Answers the first command, then reads nothing more; or reads and answers nothing at all. */
async function deaf(t, { answers }) {
  const peers = new Set();
  const server = createServer((peer) => {
    peers.add(peer);
    peer.on("error", () => {});
    peer.on("close", () => peers.delete(peer));
    peer.once("data", () => {
      if (answers) peer.write("+PONG\r\n");
      peer.pause();
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    server.close();
    for (const peer of peers) peer.destroy();
  });
  return { url: `redis://127.0.0.1:${server.address().port}`, peers };
}

const sockets = () => process.getActiveResourcesInfo().filter((name) => /TCP|Write/.test(name)).length;

test("clients that were closed are collected, with what they were used for", LIMIT, async (t) => {
  const server = await redis(t);
  await collected(200, async () => {
    const client = await connect(server.url);
    client.on("errorMessage", () => client.status());
    await client.subscribe("c", () => client.status());
    await client.multi().set("k", 1).incr("k").exec();
    const abort = new AbortController();
    await Promise.allSettled([client.get("k", { signal: abort.signal }), client.incr("text")]);
    await client.close();
    return client;
  });
});

test("a connect that failed, or was aborted, leaves nothing", LIMIT, async (t) => {
  const server = await redis(t);
  const { url: silent } = await deaf(t, { answers: false });
  const before = sockets();
  await collected(20, async () => {
    const options = { reconnect: (outage) => outage.attempt, connectRetry: 1, password: "wrong" };
    await assert.rejects(connect(server.url, options), { code: "ERR_REDMUX_CONNECT_AUTH" });
    return options.reconnect;
  });
  await collected(20, async () => {
    const options = { reconnect: (outage) => outage.attempt, signal: AbortSignal.timeout(5) };
    await assert.rejects(connect(silent, options), { name: "TimeoutError" });
    return options.reconnect;
  });
  await until(() => sockets() <= before, "no socket more than before");
});

test("10,000 clients, one after another, leave no memory in use", LIMIT, async (t) => {
  const server = await redis(t);
  const use = async (count) => {
    const one = async () => {
      for (let n = 0; n < count / 20; n++) {
        const client = await connect(server.url);
        await client.ping();
        await client.close();
      }
    };
    await Promise.all(Array.from({ length: 20 }, one));
    await sleep(100);
    collectGarbage();
    await sleep(100);
    collectGarbage();
    const { heapUsed, external, rss } = process.memoryUsage();
    return { heap: heapUsed + external, rss, wasm: glue.initSync().memory.buffer.byteLength };
  };
  const early = await use(1000);
  const late = await use(9000);
  t.diagnostic(`heap ${early.heap} to ${late.heap}, rss ${early.rss} to ${late.rss}`);
  // It grows with the most that was in use at one moment, which varies a little; a leak of
  // 120 bytes a client would be more than this.
  assert.ok(late.wasm - early.wasm < 1 << 20, `wasm's memory grew from ${early.wasm} to ${late.wasm}`);
  assert.ok(late.heap - early.heap < LEAK * 9000, `the heap grew by ${late.heap - early.heap}`);
});

test("sockets of a peer that takes nothing are given up with their bytes", LIMIT, async (t) => {
  const { url, peers } = await deaf(t, { answers: true });
  const before = sockets();
  const options = { protocol: 2, libraryInfo: false, probeAfter: 50, probeTimeout: 50, commandTimeout: 200, reconnect: () => 0 };
  const client = await connect(url, options);
  let lost = 0;
  client.on("connectionFailed", () => (lost += 1));
  const value = "x".repeat(4 << 20);
  while (lost < 5) await Promise.allSettled([client.set("k", value), client.ping()]);
  await client.close();
  await until(() => sockets() - before <= peers.size, "no socket but those of the peer");
});

test("the process ends when a client was closed whose server is frozen", LIMIT, async (t) => {
  const server = await redis(t);
  const { out } = await program(t, server.url, `
    const client = await connect(url, { commandTimeout: 500 });
    process.kill(${server.child.pid}, "SIGSTOP");
    const all = Array.from({ length: 20 }, () => client.set("k", "x".repeat(1 << 20)));
    const settled = Promise.allSettled(all);
    await client.close();
    await settled;
    console.log("closed");
  `);
  assert.equal(out, "closed\n");
});

test("an aborted connect lets the process end, wherever it was", LIMIT, async (t) => {
  const { url } = await deaf(t, { answers: false });
  const hang = "const hang = { transport: (address, { signal }) => new Promise(() => (given = signal)) };";
  const { out } = await program(t, url, `
    let given; ${hang}
    const begun = performance.now();
    for (const options of [{}, hang]) {
      await connect(url, { ...options, signal: AbortSignal.timeout(50) }).catch((error) => console.log(error.name));
    }
    await null;
    setTimeout(() => console.log(given.aborted), 20);
    process.once("exit", () => console.log(performance.now() - begun < 15_000));
  `);
  assert.equal(out, "TimeoutError\nTimeoutError\ntrue\ntrue\n");
});
