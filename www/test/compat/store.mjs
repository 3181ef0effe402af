// Keyv over @keyv/redis 3, the last version that uses ioredis.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import KeyvRedis from "@keyv/redis";
import { Keyv } from "keyv";

export const store = [
  "@keyv/redis",
  [
    [
      "values are kept, expire, are iterated and cleared by namespace",
      async (client, { required }) => {
        for (const useRedisSets of [true, false]) {
          const redis = client({}, required);
          const open = (namespace) => new Keyv({ store: new KeyvRedis(redis, { useRedisSets }), namespace });
          const [one, other] = [open("one"), open("other")];
          await one.set("a", { n: 1 });
          await one.set("short", "x", 50);
          await other.set("a", "mine");
          assert.deepEqual(await one.get("a"), { n: 1 });
          assert.deepEqual(await one.get(["a", "none"]), [{ n: 1 }, undefined]);
          await sleep(80);
          assert.equal(await one.get("short"), undefined);
          assert.equal(await one.delete("a"), true);
          await one.set("b", 2);
          await one.clear();
          assert.equal(await one.get("b"), undefined);
          assert.equal(await other.get("a"), "mine");
          await other.clear();
          redis.disconnect();
        }
      },
    ],
  ],
];
