// `redmux/keyv` with Keyv.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { Keyv } from "keyv";
import Default, { KeyvRedis } from "redmux/keyv";

/** A Keyv that throws what went wrong. */
const open = (store, namespace, more) => new Keyv({ store, namespace, throwOnErrors: true, ...more });

export const keyv = [
  "keyv",
  [
    [
      "values of all kinds are kept, one by one and together",
      async ({ redis }) => {
        const one = open(new KeyvRedis(redis, { keyPrefix: "app:" }), "one");
        for (const value of ["text", 1.5, { n: [1, null] }, "", false]) {
          assert.equal(await one.set("k", value), true);
          assert.deepEqual(await one.get("k"), value);
        }
        assert.deepEqual(await redis.keys("*"), ["app:one:k"]);
        await one.setMany([{ key: "a", value: 1 }, { key: "b", value: 2, ttl: 60_000 }]);
        assert.deepEqual(await one.get(["a", "none", "b"]), [1, undefined, 2]);
        assert.ok((await redis.pTtl("app:one:b")) > 50_000);
        assert.equal(await redis.pTtl("app:one:a"), -1);
        assert.deepEqual(await one.has(["a", "none"]), [true, false]);
        assert.equal(await one.has("a"), true);
        assert.equal(await one.delete("a"), true);
        assert.equal(await one.delete("a"), false);
        assert.equal(await one.delete(["b", "none"]), true);
        assert.deepEqual([await one.get([]), await one.delete([])], [[], false]);
        assert.deepEqual(await redis.keys("*"), ["app:one:k"]);
      },
    ],
    [
      "values expire",
      async ({ redis }) => {
        const one = open(new KeyvRedis(redis), "one", { ttl: 60_000 });
        await one.set("short", 1, 30.5);
        await one.set("usual", 2);
        await one.set("always", 3, Infinity);
        await sleep(60);
        assert.deepEqual(await one.get(["short", "usual", "always"]), [undefined, 2, 3]);
        assert.equal(await redis.exists("one:short"), 0);
        assert.ok((await redis.pTtl("one:usual")) > 50_000);
        assert.equal(await redis.pTtl("one:always"), -1);
      },
    ],
    [
      "a namespace is iterated and cleared, and no other key is touched",
      async ({ redis }) => {
        const store = () => new KeyvRedis(redis, { scanCount: 10 });
        // The names are patterns: as such the first would match the second.
        const [one, other] = [open(store(), "o?e"), open(store(), "one")];
        await one.setMany(Array.from({ length: 200 }, (_, n) => ({ key: `k${n}`, value: n })));
        await other.set("a", "mine");
        await redis.set("o?e", "no namespace");
        const found = new Map();
        for await (const [key, value] of one.iterator()) found.set(key, value);
        assert.equal(found.size, 200);
        assert.equal(found.get("k7"), 7);
        await one.clear();
        assert.deepEqual((await redis.keys("*")).sort(), ["o?e", "one:a"]);
        assert.equal(await other.get("a"), "mine");
      },
    ],
    [
      "with useKeyPrefix: false the store has the namespace",
      async ({ redis }) => {
        const one = open(new Default(redis), "one", { useKeyPrefix: false });
        await one.set("a", 1);
        assert.deepEqual(await redis.keys("*"), ["one:a"]);
        assert.equal(await one.get("a"), 1);
        await redis.set("a", "other");
        await one.clear();
        assert.deepEqual(await redis.keys("*"), ["a"]);
      },
    ],
    [
      "without a namespace and a prefix, clear is refused",
      async ({ redis }) => {
        const store = new KeyvRedis(redis);
        await redis.set("other", 1);
        await assert.rejects(store.clear(), /redmux\/keyv: clearing would delete every key of the database/);
        assert.equal(await redis.exists("other"), 1);
      },
    ],
    [
      "the adapter connects by itself, and closes only its own client",
      async ({ redis, url }) => {
        const own = open(new KeyvRedis(url, { connect: { clientName: "keyv-own" } }), "one");
        await Promise.all([own.set("a", 1), own.set("b", 2)]);
        const named = async () => (await redis.clientList()).filter(({ name }) => name === "keyv-own").length;
        assert.equal(await named(), 1);
        await own.disconnect();
        for (const end = Date.now() + 5000; (await named()) > 0; await sleep(10)) assert.ok(Date.now() < end);
        // It connects again when it is used again.
        assert.equal(await own.get("a"), 1);
        await own.disconnect();
        const given = open(new KeyvRedis(Promise.resolve(redis)), "one");
        await given.disconnect();
        assert.equal(await given.get("b"), 2);
      },
    ],
    [
      "errors reach the program, also those of reads, which Keyv swallows",
      async ({ redis }) => {
        await redis.rPush("one:list", "x");
        const quiet = new Keyv({ store: new KeyvRedis(redis), namespace: "one" });
        const heard = [];
        quiet.on("error", (error) => heard.push(error));
        assert.equal(await quiet.get("list"), undefined);
        assert.equal(heard.length, 1);
        assert.equal(heard[0].serverCode, "WRONGTYPE");
        await assert.rejects(open(new KeyvRedis(redis), "one").get("list"), { serverCode: "WRONGTYPE" });
        const away = new KeyvRedis("redis://127.0.0.1:1", { connect: { commandTimeout: 50 } });
        await assert.rejects(open(away, "one").get("a"), (error) => error.delivery === "not-sent");
        await assert.rejects(open(away, "one").get(["a"]), (error) => error.delivery === "not-sent");
        await away.disconnect();
      },
    ],
    [
      "mistakes are refused at once",
      async ({ redis, require }) => {
        const { KeyvRedis: Required } = require("redmux/keyv");
        for (const Class of [KeyvRedis, Required]) {
          assert.throws(() => new Class(), /redmux\/keyv: expected a client of redmux, or a server/);
          assert.throws(() => new Class(redis, { keyprefix: "x" }), /keyprefix is not an option \(expected one of keyPrefix, scanCount, connect\)/);
          assert.throws(() => new Class(redis, { scanCount: 0 }), /scanCount: expected a positive number/);
          assert.throws(() => new Class(redis, { connect: {} }), /connect is for a client that is made here/);
        }
        await assert.rejects(new KeyvRedis("nonsense://x").get("a"), { code: "ERR_REDMUX_CONFIG" });
        const store = open(new Required(redis), "two");
        await store.set("a", 1);
        assert.equal(await store.get("a"), 1);
      },
    ],
  ],
];
