// `redmux/ioredis` in the runtimes that have sockets of Node; returns `[{ name, error }]`.

import Redis from "redmux/ioredis";

const STEPS = {
  "ioredis: commands, Buffers, transactions, scripts": async (redis, equal) => {
    await redis.set("ioredis", "v");
    equal([await redis.get("ioredis"), String(await redis.getBuffer("ioredis"))], ["v", "v"]);
    equal(await redis.multi().set("ioredis", 1).incr("ioredis").exec(), [[null, "OK"], [null, 2]]);
    redis.defineCommand("echoed", { lua: "return ARGV[1]", numberOfKeys: 0 });
    equal([await redis.echoed("a"), await redis.echoed("b")], ["a", "b"]);
  },
  "ioredis: messages, scans, and commands that wait": async (redis, equal) => {
    const subscriber = redis.duplicate();
    const message = new Promise((resolve) => subscriber.once("message", (...args) => resolve(args)));
    await subscriber.subscribe("ioredis");
    await redis.publish("ioredis", "hi");
    equal(await message, ["ioredis", "hi"]);
    const popped = subscriber.blpop("ioredis:q", 0);
    await redis.rpush("ioredis:q", "x");
    equal(await popped, ["ioredis:q", "x"]);
    const keys = [];
    for await (const page of redis.scanStream({ match: "ioredis", count: 1000 })) keys.push(...page);
    equal(keys, ["ioredis"]);
    await subscriber.quit();
  },
};

export async function run(url) {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  const equal = (got, wanted) => {
    if (JSON.stringify(got) !== JSON.stringify(wanted)) throw new Error(`got ${JSON.stringify(got)}`);
  };
  const results = [];
  for (const [name, step] of Object.entries(STEPS)) {
    const outcome = await step(redis, equal).then(() => ({}), (error) => ({ error: String(error.stack) }));
    results.push({ name, ...outcome });
  }
  await redis.quit();
  return results;
}
