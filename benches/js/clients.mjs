// One interface over the clients that are compared; each connects to 127.0.0.1 on the port given, which may be of a
// cluster, or to the URL.

const ON_NODE = ["redmux", "ioredis", "ioredis-auto", "node-redis", "glide"];
/** By runtime; the first is ours. */
export const CLIENTS = {
  node: ON_NODE,
  node22: ON_NODE,
  node24: ON_NODE,
  cluster: ON_NODE,
  deno: ["redmux", "ioredis", "ioredis-auto", "node-redis"],
  bun: ["redmux", "ioredis", "ioredis-auto", "node-redis", "bun"],
  chromium: ["redmux", "floor"],
};

export function open(name, { port, url, isCluster = false }) {
  switch (name) {
    case "redmux":
      return redmux(url ?? `redis://127.0.0.1:${port}`, isCluster ? { mode: "cluster" } : {});
    case "ioredis":
      return ioredis(port, isCluster, false);
    case "ioredis-auto":
      return ioredis(port, isCluster, true);
    case "node-redis":
      return nodeRedis(port, isCluster);
    case "glide":
      return glide(port, isCluster);
    case "bun":
      return bun(port);
    case "floor":
      return import("./floor.mjs").then(({ floor }) => floor(url));
    default:
      throw new Error(`${name} is no client`);
  }
}

/** The module that each runtime takes of the package, as it is shipped. */
function entry() {
  if (globalThis.document) return "src/index";
  if (globalThis.Bun) return "esm/bun";
  return globalThis.Deno ? "esm/node" : "bundle/node";
}

async function redmux(url, options) {
  const { connect } = await import(`../../www/${entry()}.js`);
  const client = await connect(url, options);
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

async function ioredis(port, isCluster, enableAutoPipelining) {
  const { Cluster, Redis } = await import("ioredis");
  const place = { port, host: "127.0.0.1" };
  const make = () => (isCluster ? new Cluster([place], { enableAutoPipelining }) : new Redis({ ...place, enableAutoPipelining }));
  const client = make();
  let subscriber;
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

async function nodeRedis(port, isCluster) {
  const { createClient, createCluster, RESP_TYPES } = await import("redis");
  const url = `redis://127.0.0.1:${port}`;
  const make = async () => {
    const client = isCluster ? createCluster({ rootNodes: [{ url }] }) : createClient({ url });
    client.on("error", () => {});
    await client.connect();
    return client;
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

/** Valkey's client, whose core is native code with threads of its own. */
async function glide(port, isCluster) {
  const { Decoder, GlideClient, GlideClusterClient } = await import("@valkey/valkey-glide");
  const Class = isCluster ? GlideClusterClient : GlideClient;
  const place = { addresses: [{ host: "127.0.0.1", port }], requestTimeout: 10_000 };
  const client = await Class.createClient(place);
  let subscriber;
  return {
    get: (key) => client.get(key),
    getBytes: (key) => client.get(key, { decoder: Decoder.Bytes }),
    set: (key, value) => client.set(key, value),
    mget: (keys) => client.mget(keys),
    hgetall: async (key) => Object.fromEntries((await client.hgetall(key)).map(({ field, value }) => [field, value])),
    publish: (channel, message) => client.publish(message, channel),
    subscribe: async (channel, listener) => {
      const { Exact } = Class === GlideClient ? (await import("@valkey/valkey-glide")).GlideClientConfiguration.PubSubChannelModes : {};
      const callback = ({ message }) => listener(message);
      subscriber = await Class.createClient({ ...place, pubsubSubscriptions: { channelsAndPatterns: { [Exact]: new Set([channel]) }, callback } });
    },
    close: () => {
      subscriber?.close();
      client.close();
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
