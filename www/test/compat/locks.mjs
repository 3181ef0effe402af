// Redlock, which calls with callbacks.

import assert from "node:assert/strict";

import Redlock from "redlock";

export const locks = [
  "redlock",
  [
    [
      "a lock excludes, is extended, and is let go",
      async (client, { required }) => {
        const redlock = new Redlock([client({}, required)], { retryCount: 2, retryDelay: 20 });
        const lock = await redlock.lock("thing", 2000);
        await assert.rejects(redlock.lock("thing", 2000), /exceeded 2 attempts/i);
        await lock.extend(5000);
        await lock.unlock();
        await (await redlock.lock("thing", 2000)).unlock();
      },
    ],
  ],
];
