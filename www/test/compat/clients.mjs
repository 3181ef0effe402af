// The clients of the tables, as programs there name them.

import * as channels from "node:diagnostics_channel";
import { setTimeout as sleep } from "node:timers/promises";

import * as rival from "ioredis";
import node from "redis";

import "../../src/modules/bloom.js";
import "../../src/modules/json.js";
import { query } from "../../src/modules/search.js";
import "../../src/modules/time-series.js";
import * as style from "../../src/ioredis/index.js";
import * as redmux from "../../src/node.js";

/**
 * What the programs of a kind of client have in scope. `made` gets every client that they make themselves, which are closed after the
 * row.
 */
function common(place, made) {
  const seen = [];
  const until = async (condition) => {
    while (!(await condition())) await sleep(5);
  };
  return {
    scope: { ca: place.ca, channels, seen, log: (...values) => void seen.push(values.length > 1 ? values : values[0]), sleep, until, url: place.url },
    made,
  };
}

/** A class whose objects are remembered. */
function counting(Class, made, { port }) {
  return new Proxy(Class, {
    construct(target, args, self) {
      const client = Reflect.construct(target, args, self);
      client.on("error", () => {});
      made.push(client);
      return client;
    },
    get: (target, name) => (name === "Cluster" ? counting(target.Cluster, made, { port }) : Reflect.get(target, name)),
  });
}

async function ready(client) {
  if (client.options.lazyConnect) await client.connect();
  else if (client.status !== "ready") await new Promise((resolve) => client.once("ready", resolve));
  return client;
}

/** ioredis, or what has its classes. */
function classes(name, { Redis, Cluster, Command, ReplyError }) {
  return {
    name,
    async open(place) {
      const { scope, made } = common(place, []);
      const Counted = counting(Redis, made, place);
      const options = { host: "127.0.0.1", port: place.port };
      const create = () => {
        if (place.url.startsWith?.("redis+cluster")) return new (counting(Cluster, made, place))([options]);
        return new Counted(place.ca ? { ...options, host: "localhost", family: 4, tls: { ca: place.ca } } : options);
      };
      const redis = create();
      const sub = create();
      await Promise.all([redis, sub].map(ready));
      return {
        scope: { ...scope, redis, cluster: redis, sub, Redis: Counted, Command, ReplyError },
        with: (given) => ready(new Counted({ ...options, ...given })),
        async close() {
          for (const client of made) client.disconnect();
        },
      };
    },
  };
}

/** node-redis, or what has its functions. */
const functions = (name, node) => ({
  name,
  async open(place) {
    const { scope, made } = common(place, []);
    const counted = (create) => (...args) => {
      const client = create(...args);
      client.on("error", () => {});
      made.push(client);
      return client;
    };
    const [createClient, createCluster, createClientPool, createSentinel] = [node.createClient, node.createCluster, node.createClientPool, node.createSentinel].map(counted);
    const url = `redis://127.0.0.1:${place.port}`;
    const open = () => {
      if (place.url.startsWith?.("redis+cluster")) return createCluster({ rootNodes: [{ url }] });
      if (place.ca) return createClient({ socket: { host: "localhost", family: 4, port: place.port, tls: true, ca: place.ca } });
      return createClient({ url });
    };
    const [client, sub] = [open(), open()];
    await Promise.all([client.connect(), sub.connect()]);
    return {
      scope: { ...scope, ...node, createClient, createCluster, createClientPool, createSentinel, client, cluster: client, sub, url },
      with: (given) => createClient({ url, ...given }).connect(),
      async close() {
        for (const one of made) if (one.isOpen) one.destroy();
      },
    };
  },
});

const own = {
  name: "redmux",
  async open(place) {
    const { scope, made } = common(place, []);
    const kept = async (client) => {
      made.push(await client);
      return client;
    };
    const connect = (...args) => kept(redmux.connect(...args));
    const redis = await connect(place.url, place.options);
    return {
      scope: { ...scope, ...redmux, connect, connectGroup: (...args) => kept(redmux.connectGroup(...args)), query, redis, client: redis },
      with: (given) => connect(place.url, { ...place.options, ...given }),
      async close() {
        for (const client of made) client.disconnect();
      },
    };
  },
};

export const ioredis = { kinds: [classes("ioredis", rival), classes("redmux/ioredis", style)], own };
/** What programs get that change the import alone. */
const { Client, CommandError, ConnectionError, RedmuxError, ServerError, TimeoutError, connect, createClient, createClientPool, createCluster, createSentinel } = redmux;
const changed = { Client, CommandError, ConnectionError, RedmuxError, ServerError, TimeoutError, connect, createClient, createClientPool, createCluster, createSentinel };

export const nodeRedis = { kinds: [functions("node-redis", node)], own, habit: functions("redmux", changed) };
