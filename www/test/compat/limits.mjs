// Rate limits: rate-limiter-flexible and rate-limit-redis.

import assert from "node:assert/strict";

import { RedisStore } from "rate-limit-redis";
import limiters from "rate-limiter-flexible";

const { RateLimiterRedis } = limiters;

export const limits = [
  "rate limits",
  [
    [
      "rate-limiter-flexible: points are consumed, given back, blocked and forgotten",
      async (client, { required }) => {
        const limiter = new RateLimiterRedis({ storeClient: client({}, required), points: 3, duration: 5, blockDuration: 10 });
        const each = await Promise.all([limiter.consume("a"), limiter.consume("a"), limiter.consume("a")]);
        assert.deepEqual(each.map(({ remainingPoints }) => remainingPoints), [2, 1, 0]);
        assert.ok(each[0].isFirstInDuration);
        await assert.rejects(limiter.consume("a"), (refused) => refused.msBeforeNext > 5000 && refused.consumedPoints === 4);
        assert.equal((await limiter.get("a")).consumedPoints, 4);
        await limiter.delete("a");
        assert.equal(await limiter.get("a"), null);
        await limiter.penalty("b", 2);
        await limiter.reward("b", 1);
        assert.equal((await limiter.get("b")).consumedPoints, 1);
        await limiter.set("c", 2, 0);
        assert.equal((await limiter.get("c")).remainingPoints, 1);
        await limiter.block("d", 3);
        await assert.rejects(limiter.consume("d"), (refused) => refused.msBeforeNext > 2000);
      },
    ],
    [
      "rate-limiter-flexible: an insurance takes over while there is no connection",
      async (client) => {
        const away = client({ port: 1, retryStrategy: () => 50, lazyConnect: true, enableOfflineQueue: false });
        away.removeAllListeners("error").on("error", () => {});
        const insuranceLimiter = new limiters.RateLimiterMemory({ points: 1, duration: 5 });
        const limiter = new RateLimiterRedis({ storeClient: away, points: 5, duration: 5, rejectIfRedisNotReady: true, insuranceLimiter });
        assert.equal((await limiter.consume("a")).remainingPoints, 0);
        await assert.rejects(limiter.consume("a"), (refused) => refused.msBeforeNext > 0);
      },
    ],
    [
      "rate-limit-redis: hits are counted, decremented and reset",
      async (client) => {
        const redis = client();
        const store = new RedisStore({ sendCommand: (command, ...args) => redis.call(command, ...args) });
        store.init({ windowMs: 5000 });
        assert.equal((await store.increment("k")).totalHits, 1);
        const second = await store.increment("k");
        assert.equal(second.totalHits, 2);
        assert.ok(second.resetTime.getTime() > Date.now());
        await store.decrement("k");
        assert.equal((await store.get("k")).totalHits, 1);
        await store.resetKey("k");
        assert.equal((await store.increment("k")).totalHits, 1);
      },
    ],
  ],
];
