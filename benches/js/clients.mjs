// One interface over the clients that are compared; each connects to 127.0.0.1 on the port given.

export const CLIENTS = ["redmux", "ioredis", "ioredis-auto", "node-redis"];

export async function open(name, port) {
  switch (name) {
    case "redmux":
      return redmux(port);
    case "ioredis":
      return ioredis(port, false);
    case "ioredis-auto":
      return ioredis(port, true);
    case "node-redis":
      return nodeRedis(port);
    default:
      throw new Error(`${name} is none of ${CLIENTS.join(", ")}`);
  }
}

async function redmux(port) {
  const { connect } = await import("../../www/src/node.js");
  const client = await connect(`redis://127.0.0.1:${port}`);
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
