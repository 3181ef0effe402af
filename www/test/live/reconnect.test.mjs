// What `reconnect` may return, while the server is down.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { openClient } from "../../src/client.js";
import { connect, load } from "../../src/page/node.js";
import { tcp } from "../../src/transports/node.js";
import { collectGarbage, redis, until } from "./support.mjs";

const LIMIT = { timeout: 300_000 };

async function kill({ child }) {
  child.kill("SIGKILL");
  await once(child, "exit");
}

for (const [name, answer] of [["false", false], ["null", null], ["an Error", new Error("enough")]]) {
  test(`${name} ends it, with an event and clear errors`, LIMIT, async (t) => {
    const server = await redis(t);
    let asked = 0;
    // One attempt, then no more.
    const client = await connect(server.url, { reconnect: () => (++asked === 1 ? 0 : answer) });
    const events = [];
    client.on("gaveUp", (event) => events.push(event));
    const iterated = (async () => {
      for await (const { type } of client) if (type === "gaveUp") events.push(type);
    })();
    const messages = await client.subscribe("c");
    const reading = messages[Symbol.asyncIterator]().next();
    reading.catch(() => {});
    // A command issued before the client notices is sent, and lost with the connection.
    const away = new Promise((resolve) => client.once("connectionFailed", resolve));
    await kill(server);
    await away;
    const waiting = [client.get("k"), client.multi().get("k").exec()];
    const refused = (error) => {
      assert.equal(error.code, "ERR_REDMUX_CLOSED");
      assert.match(error.message, /reconnect gave up before attempt 2 to connect to redis:\/\/127\.0\.0\.1.*ECONNREFUSED/);
      if (answer) assert.equal(error.cause, answer);
      else assert.match(error.cause.message, /ECONNREFUSED/);
      return true;
    };
    for (const promise of waiting) await assert.rejects(promise, refused);
    await assert.rejects(reading, refused);
    await iterated;
    await assert.rejects(client.get("k"), (error) => refused(error) && error.delivery === "not-sent" && error.command === "GET");
    await assert.rejects(client.subscribe("c"), refused);
    assert.equal(events.length, 2);
    const [{ attempts, error, endpoint }] = events;
    assert.deepEqual([attempts, endpoint, refused(error)], [1, server.url, true]);
    assert.equal(asked, 2);
    assert.deepEqual(client.status().connections, []);
    await client.close();
  });
}

test("the first connect can be given up too", LIMIT, async (t) => {
  const server = await redis(t);
  await kill(server);
  const enough = new Error("enough");
  await assert.rejects(connect(server.url, { reconnect: () => enough }), (error) => {
    assert.deepEqual([error.name, error.delivery, error.cause], ["ConnectionError", "not-sent", enough]);
    return /gave up before attempt 1/.test(error.message);
  });
});

test("no answer leads to a storm of attempts, and all of them go on", LIMIT, async (t) => {
  const server = await redis(t);
  const written = t.mock.method(console, "error", () => {});
  for (const answer of [0, NaN, -1, "5", true, {}, Promise.resolve(0), () => { throw new Error("oops"); }]) {
    let dials = 0;
    let away = false;
    const transport = (address, options) => {
      dials += 1;
      if (away) throw new Error("away");
      return tcp({ ...address, tls: false }, options);
    };
    const client = await connect(server.url, { transport, reconnect: typeof answer === "function" ? answer : () => answer });
    const told = [];
    client.on("listenerError", ({ origin }) => told.push(origin));
    away = true;
    client.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no").catch(() => {});
    const before = dials;
    const begun = performance.now();
    await until(() => dials >= before + 2, "two attempts");
    await sleep(200);
    const most = 2 + (performance.now() - begun) / 5;
    assert.ok(dials - before < most, `${String(answer)}: ${dials - before} attempts, not ${most}`);
    away = false;
    assert.equal(await client.ping({ timeout: Infinity }), "PONG");
    assert.equal(told.includes("reconnect"), answer !== 0);
    await client.close();
  }
  assert.ok(written.mock.callCount() > 0);
  collectGarbage();
});

/** A server that has become a replica, and a client that has learned of it. */
async function demoted(t, options) {
  const server = await redis(t);
  const client = await connect(server.url, options);
  const other = await connect(server.url, { redialOnReadonly: false });
  t.after(() => Promise.all([client.close(), other.close()]));
  const id = () => client.send("CLIENT", "ID", { timeout: Infinity });
  const before = await id();
  await other.send("REPLICAOF", "127.0.0.1", "1");
  await assert.rejects(client.set("k", "v"), (error) => error.serverCode === "READONLY" && error.delivery === "answered");
  return { client, id, before };
}

test("a server that answers READONLY is left, unless the program says otherwise", LIMIT, async (t) => {
  const left = await demoted(t, {});
  await until(async () => (await left.id()) !== left.before, "another connection");
  const kept = await demoted(t, { redialOnReadonly: false });
  await assert.rejects(kept.client.set("k", "v"), /READONLY/);
  assert.equal(await kept.id(), kept.before);
});

test("a command that waits cuts a wait short, but not one that has to be kept", LIMIT, async (t) => {
  const server = await redis(t);
  for (const [wait, isFirm] of [[-60_000, false], [60_000, true]]) {
    let dials = 0;
    let end = null;
    const transport = async (address, options) => {
      dials += 1;
      const channel = await tcp(address, options);
      const { open } = channel;
      channel.open = (onData, onEnd) => open.call(channel, onData, (end = onEnd));
      return channel;
    };
    const address = { host: "127.0.0.1", port: server.port, tls: false };
    const client = await openClient(await load(), { transport, address, endpoint: server.url, delay: () => wait }, {});
    t.after(() => client.close());
    end(new Error("away"));
    const get = client.get("k", { timeout: isFirm ? 3000 : 40_000 });
    if (isFirm) await assert.rejects(get, { code: "ERR_REDMUX_TIMEOUT_QUEUE" });
    else assert.equal(await get, null);
    assert.equal(dials, isFirm ? 1 : 2);
  }
});
