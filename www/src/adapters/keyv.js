// A store for Keyv: see docs/adapters.md.

/** @import { ClientOrServer } from "./client.js" */
/** @import { KeyvRedisOptions } from "./keyv.js" */

import { checkOptions, Connection, positive } from "./connection.js";

const ENTRY = "redmux/keyv";

export class KeyvRedis {
  /** Set by Keyv. @type {string | undefined} */
  namespace;
  /** Keyv iterates over stores whose dialect it knows. */
  opts = { dialect: "redis", url: "" };
  #connection;
  #prefix;
  #count;
  /** @type {Set<(error: unknown) => void>} */
  #listeners = new Set();

  /** @param {ClientOrServer} server @param {KeyvRedisOptions} [options] */
  constructor(server, options = {}) {
    checkOptions(ENTRY, options, ["keyPrefix", "scanCount", "connect"]);
    this.#connection = new Connection(ENTRY, server, options.connect);
    this.#prefix = options.keyPrefix ?? "";
    this.#count = positive(ENTRY, "scanCount", options.scanCount, 1000);
  }

  /** Keyv listens for errors, which it gives to its own listeners. @param {string} event @param {(error: unknown) => void} listener */
  on(event, listener) {
    if (event === "error") this.#listeners.add(listener);
    return this;
  }

  /** @param {string} key */
  async get(key) {
    try {
      return (await this.#connection.run((client) => client.get(this.#name(key)))) ?? undefined;
    } catch (error) {
      // Keyv takes a failed read for a key that is not there, and says nothing.
      for (const listener of this.#listeners) listener(error);
      throw error;
    }
  }

  /** @param {string[]} keys */
  async getMany(keys) {
    if (keys.length === 0) return [];
    const values = await this.#connection.run((client) => client.mGet(keys.map((key) => this.#name(key))));
    return values.map((value) => value ?? undefined);
  }

  /** @param {string} key @param {any} value @param {number} [ttl] Milliseconds. */
  async set(key, value, ttl) {
    const expiry = ttl === undefined || ttl === 0 || ttl === Infinity ? {} : { PX: Math.ceil(ttl) };
    await this.#connection.run((client) => client.set(this.#name(key), value, expiry));
    return true;
  }

  /** The commands go out together. @param {{ key: string, value: any, ttl?: number }[]} entries */
  async setMany(entries) {
    return Promise.all(entries.map(({ key, value, ttl }) => this.set(key, value, ttl)));
  }

  /** @param {string} key */
  async delete(key) {
    return (await this.#connection.run((client) => client.unlink(this.#name(key)))) > 0;
  }

  /** @param {string[]} keys */
  async deleteMany(keys) {
    if (keys.length === 0) return false;
    return (await this.#connection.run((client) => client.unlink(...keys.map((key) => this.#name(key))))) > 0;
  }

  /** @param {string} key */
  async has(key) {
    return (await this.#connection.run((client) => client.exists(this.#name(key)))) > 0;
  }

  /** @param {string[]} keys */
  async hasMany(keys) {
    return Promise.all(keys.map((key) => this.has(key)));
  }

  /** Deletes the keys of the namespace. */
  async clear() {
    await this.#connection.clear(this.#place(this.namespace), this.#count);
  }

  /** Keys with their namespace, as Keyv has them, and values. @param {string} [namespace] @returns {AsyncGenerator<[string, string | undefined], void>} */
  async *iterator(namespace = this.namespace) {
    const client = await this.#connection.use();
    for await (const keys of this.#connection.pages(client, this.#place(namespace), this.#count)) {
      const values = await client.mGet(keys);
      for (const [index, value] of values.entries()) {
        // It has expired since, or is no text.
        if (value !== null) yield [keys[index].slice(this.#prefix.length), value];
      }
    }
  }

  async disconnect() {
    await this.#connection.close();
  }

  /** @param {string | undefined} namespace */
  #place(namespace) {
    return namespace ? `${this.#prefix}${namespace}:` : this.#prefix;
  }

  /** Keyv puts the namespace before keys, except with `useKeyPrefix: false`. @param {string} key */
  #name(key) {
    const { namespace } = this;
    return !namespace || key.startsWith(`${namespace}:`) ? this.#prefix + key : this.#place(namespace) + key;
  }
}

export default KeyvRedis;
