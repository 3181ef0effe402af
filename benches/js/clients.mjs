// One interface over the clients that are compared; each connects to 127.0.0.1 on the port given, or to the URL.

/** By runtime; the first is ours. */
export const CLIENTS = {
  node: ["redmux", "ioredis", "ioredis-auto", "node-redis"],
  deno: ["redmux", "ioredis", "ioredis-auto", "node-redis"],
  bun: ["redmux", "ioredis", "ioredis-auto", "node-redis", "bun"],
  chromium: ["redmux", "floor"],
};

export function open(name, { port, url }) {
  switch (name) {
    case "redmux":
      return redmux(url ?? `redis://127.0.0.1:${port}`);
    case "ioredis":
      return ioredis(port, false);
    case "ioredis-auto":
      return ioredis(port, true);
    case "node-redis":
      return nodeRedis(port);
    case "bun":
      return bun(port);
    case "floor":
      return import("./floor.mjs").then(({ floor }) => floor(url));
    default:
      throw new Error(`${name} is no client`);
  }
}

async function redmux(url) {
  const entry = globalThis.document ? "index" : globalThis.Bun ? "bun" : "node";
  const { connect } = await import(`../../www/src/${entry}.js`);
  const client = await connect(url);
  return {
    get: (key) => client.get(key),
    getBytes: (key) => client.get(key, { bytes: true }),
    set: (key, value) => client.set(key, value),
    mget: (keys) => client.mGet(keys),
    hgetall: (key) => client.hGetAll(key),
    publish: (channel, message) => client.publish(channel, message),
    subscribe: (channel, listener) => client.subscribe(channel, ({ payload }) => listener(payload)),
    close: () => client.close(),
  };
}

async function ioredis(port, enableAutoPipelining) {
  const { Redis } = await import("ioredis");
  const make = () => new Redis({ port, host: "127.0.0.1", enableAutoPipelining });
  const client = make();
  let subscriber;
  await client.ping();
  return {
    get: (key) => client.get(key),
    getBytes: (key) => client.getBuffer(key),
    set: (key, value) => client.set(key, value),
    mget: (keys) => client.mget(keys),
    hgetall: (key) => client.hgetall(key),
    publish: (channel, message) => client.publish(channel, message),
    subscribe: async (channel, listener) => {
      subscriber = make();
      subscriber.on("message", (_, payload) => listener(payload));
      await subscriber.subscribe(channel);
    },
    close: () => {
      subscriber?.disconnect();
      client.disconnect();
    },
  };
}

async function nodeRedis(port) {
  const { createClient, RESP_TYPES } = await import("redis");
  const make = async () => {
    const client = createClient({ url: `redis://127.0.0.1:${port}` });
    client.on("error", () => {});
    return client.connect();
  };
  const client = await make();
  const binary = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  let subscriber;
  return {
    get: (key) => client.get(key),
    getBytes: (key) => binary.get(key),
    set: (key, value) => client.set(key, value),
    mget: (keys) => client.mGet(keys),
    hgetall: (key) => client.hGetAll(key),
    publish: (channel, message) => client.publish(channel, message),
    subscribe: async (channel, listener) => {
      subscriber = await make();
      await subscriber.subscribe(channel, listener);
    },
    close: () => {
      subscriber?.destroy();
      client.destroy();
    },
  };
}

/** The client that Bun has built in. */
async function bun(port) {
  const { RedisClient } = globalThis.Bun;
  const client = new RedisClient(`redis://127.0.0.1:${port}`);
  await client.connect();
  let subscriber;
  return {
    get: (key) => client.get(key),
    getBytes: (key) => client.getBuffer(key),
    set: (key, value) => client.set(key, value),
    mget: (keys) => client.mget(...keys),
    hgetall: (key) => client.hgetall(key),
    publish: (channel, message) => client.publish(channel, message),
    subscribe: async (channel, listener) => {
      subscriber = await client.duplicate();
      await subscriber.subscribe(channel, (message) => listener(message));
    },
    close: () => {
      subscriber?.close();
      client.close();
    },
  };
}
