// `redmux/unstorage` with unstorage.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import redmuxDriver, { redmuxDriver as named } from "redmux/unstorage";
import { createStorage, prefixStorage } from "unstorage";

export const unstorage = [
  "unstorage",
  [
    [
      "items of all kinds are kept, one by one and together",
      async ({ redis }) => {
        const storage = createStorage({ driver: redmuxDriver({ client: redis, base: "app:" }) });
        for (const value of ["text", 1.5, { n: [1, null] }, false]) {
          await storage.setItem("a:b", value);
          assert.deepEqual(await storage.getItem("a:b"), value);
        }
        assert.deepEqual(await redis.keys("*"), ["app:a:b"]);
        assert.equal(await storage.getItem("none"), null);
        await storage.setItems([{ key: "x", value: "1" }, { key: "y/z", value: { two: 2 }, options: { ttl: 60 } }]);
        assert.deepEqual(await storage.getItems(["x", "y:z", "none"]), [{ key: "x", value: 1 }, { key: "y:z", value: { two: 2 } }, { key: "none", value: null }]);
        assert.ok((await redis.ttl("app:y:z")) > 50);
        assert.equal((await storage.getMeta("y:z")).ttl, 60);
        assert.deepEqual([await storage.hasItem("x"), await storage.hasItem("none")], [true, false]);
        await storage.removeItem("x");
        assert.equal(await redis.exists("app:x"), 0);
      },
    ],
    [
      "bytes are kept as bytes",
      async ({ redis, require }) => {
        const storage = createStorage({ driver: require("redmux/unstorage").redmuxDriver({ client: redis }) });
        const bytes = Uint8Array.from({ length: 256 }, (_, n) => n);
        await storage.setItemRaw("image", bytes);
        assert.equal(await redis.strLen("image"), 256);
        const read = await storage.getItemRaw("image");
        assert.ok(Buffer.isBuffer(read));
        assert.deepEqual(new Uint8Array(read), bytes);
        await storage.setItemRaw("text", "plain");
        assert.equal(String(await storage.getItemRaw("text")), "plain");
        assert.equal(await storage.getItemRaw("none"), null);
        await assert.rejects(storage.setItemRaw("object", { a: 1 }), /setItemRaw: expected bytes or a text/);
      },
    ],
    [
      "items expire after the ttl of the driver or of the call",
      async ({ redis }) => {
        const storage = createStorage({ driver: redmuxDriver({ client: redis, ttl: 60 }) });
        await storage.setItem("usual", 1);
        await storage.setItem("short", 1, { ttl: 0.03 });
        await sleep(60);
        assert.equal(await storage.getItem("short"), null);
        assert.ok((await redis.pTtl("usual")) > 50_000);
      },
    ],
    [
      "keys are listed and cleared below a base, and no other key is touched",
      async ({ redis, url }) => {
        const driver = named({ url, base: "app", scanCount: 10 });
        const storage = createStorage({ driver });
        const sub = prefixStorage(storage, "sub");
        await Promise.all(Array.from({ length: 100 }, (_, n) => sub.setItem(`k${n}`, n)));
        await storage.setItem("top", 1);
        await redis.mSet({ apple: 1, "application:x": 1 });
        assert.equal((await storage.getKeys()).length, 101);
        assert.equal((await storage.getKeys("sub")).length, 100);
        assert.deepEqual((await sub.getKeys()).sort().slice(0, 2), ["k0", "k1"]);
        // unstorage clears whole mounts only.
        await driver.clear("sub:");
        assert.deepEqual(await storage.getKeys(), ["top"]);
        await storage.clear();
        assert.deepEqual((await redis.keys("*")).sort(), ["apple", "application:x"]);
        await storage.dispose();
      },
    ],
    [
      "mistakes and outages are errors",
      async ({ redis }) => {
        await redis.set("other", 1);
        await assert.rejects(createStorage({ driver: redmuxDriver({ client: redis }) }).clear(), /redmux\/unstorage: clearing would delete every key/);
        assert.equal(await redis.exists("other"), 1);
        assert.throws(() => redmuxDriver(), /expected an object of options|expected a client/);
        assert.throws(() => redmuxDriver({}), /redmux\/unstorage: expected a client of redmux, or a server/);
        assert.throws(() => redmuxDriver({ client: redis, TTL: 1 }), /TTL is not an option/);
        assert.throws(() => redmuxDriver({ client: redis, ttl: -1 }), /ttl: expected a positive number/);
        const storage = createStorage({ driver: redmuxDriver({ url: "redis://127.0.0.1:1", connect: { commandTimeout: 50 } }) });
        await assert.rejects(storage.getItem("a"), (error) => error.delivery === "not-sent");
        await storage.dispose();
      },
    ],
  ],
];
