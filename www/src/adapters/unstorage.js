// A driver for unstorage, and so for Nitro and Nuxt: see docs/adapters.md.

/** @import { RedmuxDriver, RedmuxDriverOptions } from "./unstorage.js" */

import { buffered, checkOptions, Connection, positive } from "./connection.js";

const ENTRY = "redmux/unstorage";

/** A key as unstorage normalizes it. @param {string | undefined} key */
const normal = (key) => (key ?? "").replace(/[:/\\]/g, ":").replace(/^:|:$/g, "");

/** @param {RedmuxDriverOptions} options @returns {RedmuxDriver} */
export function redmuxDriver(options) {
  checkOptions(ENTRY, options, ["client", "url", "connect", "base", "ttl", "scanCount"]);
  const connection = new Connection(ENTRY, options.client ?? options.url, options.connect);
  const ttl = options.ttl === undefined ? undefined : positive(ENTRY, "ttl", options.ttl, 0);
  const base = normal(options.base);
  const name = (/** @type {string | undefined} */ key) => [base, normal(key)].filter(Boolean).join(":");
  /** The key without the base, as unstorage knows it. @param {string} key */
  const bare = (key) => (base === "" ? key : key.slice(base.length + 1));
  const under = (/** @type {string | undefined} */ place) => (name(place) === "" ? "" : `${name(place)}:`);
  /** @param {{ ttl?: number }} [call] @returns {{ PX?: number }} */
  const expiry = (call) => {
    const seconds = call?.ttl ?? ttl;
    return seconds === undefined || seconds === Infinity || seconds === 0 ? {} : { PX: Math.ceil(seconds * 1000) };
  };
  const set = async (/** @type {string} */ key, /** @type {any} */ value, /** @type {{ ttl?: number } | undefined} */ call) => {
    await connection.run((client) => client.set(name(key), value, expiry(call)));
  };
  return {
    name: "redmux",
    options,
    getInstance: () => connection.use(),
    hasItem: async (key) => (await connection.run((client) => client.exists(name(key)))) > 0,
    getItem: (key) => connection.run((client) => client.get(name(key))),
    async getItems(items) {
      if (items.length === 0) return [];
      const values = await connection.run((client) => client.mGet(items.map(({ key }) => name(key))));
      return items.map(({ key }, index) => ({ key, value: values[index] }));
    },
    async getItemRaw(key) {
      const bytes = await connection.run((client) => client.get(name(key), { bytes: true }));
      return bytes === null ? null : buffered(bytes);
    },
    setItem: set,
    async setItems(items, common) {
      await Promise.all(items.map(({ key, value, options: own }) => set(key, value, { ...common, ...own })));
    },
    async setItemRaw(key, value, call) {
      if (typeof value !== "string" && !(value instanceof ArrayBuffer) && !ArrayBuffer.isView(value)) {
        throw new TypeError(`${ENTRY}: setItemRaw: expected bytes or a text`);
      }
      await set(key, value, call);
    },
    async removeItem(key) {
      await connection.run((client) => client.unlink(name(key)));
    },
    async getMeta(key) {
      const milliseconds = await connection.run((client) => client.pTtl(name(key)));
      if (milliseconds === -2) return null;
      return milliseconds === -1 ? {} : { ttl: Math.ceil(milliseconds / 1000) };
    },
    async getKeys(place) {
      const client = await connection.use();
      /** @type {Set<string>} */
      const keys = new Set();
      for await (const page of connection.pages(client, under(place), options.scanCount)) for (const key of page) keys.add(bare(key));
      return [...keys];
    },
    clear: (place) => connection.clear(under(place), options.scanCount),
    dispose: () => connection.close(),
  };
}

export default redmuxDriver;
