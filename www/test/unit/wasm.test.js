// The package with its wasm file, over TCP, against a server made here.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { inspect } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import * as serverGlue from "../../pkg/redmux_server.js";
import * as pageGlue from "../../pkg/redmux_wasm.js";
import * as server from "../../src/node.js";
import * as page from "../../src/page/node.js";

const { CommandError } = page;
/** Both builds of the package have to pass. */
const BUILDS = [
  { build: "the build for pages", glue: pageGlue, stem: "redmux_wasm", connect: page.connect },
  { build: "the build for servers", glue: serverGlue, stem: "redmux_server", connect: server.connect },
];

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");
/** Bytes a reconnect: less than any object that would be kept. */
const LEAK = 200;

/** Answers a few commands as Redis does, except `HANG` and all after it. Speaks RESP2. */
async function serve(t) {
  const peers = new Set();
  let hung;
  const hanging = new Promise((resolve) => (hung = resolve));
  const listening = createServer((peer) => {
    peers.add(peer);
    let text = "";
    let hangs = false;
    peer.on("error", () => {});
    peer.on("close", () => peers.delete(peer));
    peer.on("data", (data) => {
      text += data.toString("latin1");
      for (;;) {
        const head = /^\*(\d+)\r\n/.exec(text);
        if (!head) return;
        const words = [];
        let at = head[0].length;
        for (let n = 0; n < Number(head[1]); n++) {
          const length = /^\$(\d+)\r\n/.exec(text.slice(at));
          if (!length) return;
          at += length[0].length;
          if (text.length < at + Number(length[1]) + 2) return;
          words.push(text.slice(at, at + Number(length[1])));
          at += Number(length[1]) + 2;
        }
        text = text.slice(at);
        if (words[0] === "HANG") {
          hangs = true;
          hung();
        }
        if (!hangs) peer.write(answer(words));
      }
    });
  });
  listening.listen(0, "127.0.0.1");
  await new Promise((resolve) => listening.once("listening", resolve));
  t.after(() => {
    listening.close();
    for (const peer of peers) peer.destroy();
  });
  const cut = () => {
    for (const peer of peers) peer.destroy();
  };
  return { url: `redis://127.0.0.1:${listening.address().port}`, cut, peers, hanging };
}

function answer([name, ...args]) {
  switch (name.toUpperCase()) {
    case "HELLO":
      return "-NOPROTO unsupported protocol version\r\n";
    case "PING":
      return "+PONG\r\n";
    case "ECHO":
      return `$${args[0].length}\r\n${args[0]}\r\n`;
    case "SUBSCRIBE":
      return `*3\r\n$9\r\nsubscribe\r\n$${args[0].length}\r\n${args[0]}\r\n:1\r\n`;
    default:
      return "+OK\r\n";
  }
}

for (const { build, glue, stem, connect } of BUILDS) {
  test(`${build}: what is refused on the shared connection says why in words of JavaScript`, async (t) => {
    const { url } = await serve(t);
    const redis = await connect(url);
    t.after(() => redis.close());
    const source = readFileSync(new URL("../../../src/command/guard.rs", import.meta.url), "utf8");
    const table = /const HARMFUL[^=]*= &?\[(.*?)\n\];/s.exec(source)[1];
    const rules = [...table.matchAll(/\(\s*"([A-Z][A-Z ]+)",\s*When::(\w+)(?:\("([A-Z ]+)"\))?/g)];
    assert.ok(rules.length > 10, `only ${rules.length} rules were found`);
    for (const [, names, when, seconds = ""] of rules) {
      for (const name of names.split(" ")) {
        const args = when === "Blocks" ? ["BLOCK"] : seconds.split(" ").slice(0, 1).filter(Boolean);
        await assert.rejects(redis.send(name, ...args), (error) => {
          assert.ok(error instanceof CommandError, error);
          assert.doesNotMatch(error.message, /::|multiplexer/i);
          return error.message.length > `${name}: command rejected: `.length;
        });
      }
    }
  });

  test(`${build}: no text of the wasm side names what only Rust has`, () => {
    const wasm = readFileSync(new URL(`../../pkg/${stem}_bg.wasm`, import.meta.url), "latin1");
    // Texts for errors hold words; names of types are there for panics.
    const texts = wasm.match(/[ -~]{6,}/g).join("\n");
    for (const name of ["ConnectionMultiplexer::", "Database::", "Options::", "Subscriber::", "Error::"]) {
      assert.ok(!texts.includes(name), `${name}: ${texts.slice(texts.indexOf(name) - 100, texts.indexOf(name) + 60)}`);
    }
  });

  test(`${build}: console.log shows where a client is connected to, and no secret`, async (t) => {
    const { url } = await serve(t);
    const redis = await connect(url.replace("//", "//user:hunter2@"));
    const shown = inspect(redis);
    assert.match(shown, /^Client \{\s+connections: \[\s+\{\s+endpoint: '(redis:\/\/)?127\.0\.0\.1:\d+'.*state: 'ready'/s);
    assert.doesNotMatch(shown, /hunter2|_call/);
    await redis.close();
    assert.equal(inspect(redis), "Client { connections: [], subscriptions: 0 }");
  });

  test(`${build}: a trap rejects what is pending, and the client goes on`, { timeout: 60_000 }, async (t) => {
    const { url, hanging } = await serve(t);
    const redis = await connect(url);
    const other = await connect(url);
    t.after(() => Promise.all([redis.close(), other.close()]));
    assert.equal(await redis.send("ECHO", "before"), "before");
    const subscription = await redis.subscribe("news");
    // Only the build for servers has these.
    const view = redis.withKeyPrefix?.("p:") ?? redis;
    const lease = await redis.lease?.();
    const pending = other.send("HANG");
    await hanging;
    const events = [];
    redis.on("internalError", (event) => events.push(event.origin));
    // A memory that the code does not expect.
    const { memory } = await glue.default();
    new Uint8Array(memory.buffer).fill(0xff);
    await assert.rejects(redis.ping(), (error) => error.code === "ERR_REDMUX_INTERNAL" && error.delivery === "maybe-executed");
    await assert.rejects(pending, { code: "ERR_REDMUX_INTERNAL" });
    assert.deepEqual(events, ["wasm"]);
    assert.equal(await redis.send("ECHO", "after"), "after");
    assert.equal(await other.send("ECHO", "after"), "after");
    assert.equal(await view.send("ECHO", "after"), "after");
    if (lease) await assert.rejects(lease.ping(), { kind: "closed", delivery: "not-sent" });
    if (lease) (await redis.lease()).release();
    assert.equal(subscription.active, true);
    const third = await connect(url);
    assert.equal(await third.ping(), "PONG");
    await third.close();
  });

  test(`${build}: 10,000 reconnects leave nothing behind`, { timeout: 600_000 }, async (t) => {
    const { url, cut, peers } = await serve(t);
    const redis = await connect(url, { reconnect: () => 0 });
    t.after(() => redis.close());
    let restored = () => {};
    redis.on("connectionRestored", () => restored());
    const cuts = async (count) => {
      for (let done = 0; done < count; done++) {
        const next = new Promise((resolve) => (restored = resolve));
        cut();
        await next;
      }
      // Closing takes Node a few turns.
      await setTimeout(100);
      collectGarbage();
      const { memory } = glue.initSync();
      return { wasm: memory.buffer.byteLength, heap: process.memoryUsage().heapUsed };
    };
    const early = await cuts(1000);
    const late = await cuts(9000);
    assert.equal(await redis.ping(), "PONG");
    assert.equal(peers.size, 1, "sockets");
    assert.equal(late.wasm, early.wasm, "the memory of wasm grew");
    const grown = late.heap - early.heap;
    assert.ok(grown < LEAK * 9000, `the heap grew by ${grown} bytes`);
  });
}
