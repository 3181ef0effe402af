// A store for express-session: see docs/adapters.md.

/** @import { SessionData } from "express-session" */
/** @import { Callback, RedisStoreOptions } from "./express-session.js" */

import session from "express-session";

import { checkOptions, Connection, positive } from "./connection.js";

const ENTRY = "redmux/express-session";
const OPTIONS = ["client", "url", "connect", "prefix", "ttl", "disableTTL", "disableTouch", "scanCount", "serializer"];

/**
 * Gives the outcome to the callback, if there is one, and returns it as a promise. An exception of the callback is the program's
 * own: nothing here catches it.
 * @template T @param {Promise<T>} outcome @param {Callback<T> | undefined} callback @returns {Promise<T | undefined>}
 */
function answer(outcome, callback) {
  if (!callback) return outcome;
  const done = (/** @type {unknown} */ error, /** @type {T} */ value) => void queueMicrotask(() => callback(error, value));
  return outcome.then(
    (value) => (done(null, value), value),
    (error) => (done(error, /** @type {any} */ (undefined)), undefined),
  );
}

export class RedisStore extends session.Store {
  #connection;
  #prefix;
  /** @type {number | ((session: SessionData) => number)} */
  #ttl;
  #expires;
  #touches;
  #count;
  #serializer;
  /** Sessions that were read: if such a one is gone when it is saved, it was ended meanwhile. @type {WeakSet<object>} */
  #read = new WeakSet();

  /** @param {RedisStoreOptions} options */
  constructor(options) {
    super();
    checkOptions(ENTRY, options, OPTIONS);
    const { client, url, connect, prefix = "sess:", ttl = 86_400, disableTTL = false, disableTouch = false, serializer = JSON } = options;
    this.#connection = new Connection(ENTRY, client ?? url, connect);
    if (prefix === "") throw new TypeError(`${ENTRY}: prefix: expected a text that is not empty`);
    this.#prefix = prefix;
    this.#ttl = typeof ttl === "function" ? ttl : positive(ENTRY, "ttl", ttl, 0);
    this.#expires = !disableTTL;
    this.#touches = !disableTouch && !disableTTL;
    this.#count = positive(ENTRY, "scanCount", options.scanCount, 1000);
    this.#serializer = serializer;
  }

  /** @param {string} id @param {Callback<SessionData | undefined>} [callback] */
  get(id, callback) {
    const read = this.#connection.run((client) => client.get(this.#prefix + id)).then((text) => (text === null ? undefined : this.#parsed(text)));
    return answer(read, callback);
  }

  /** @param {string} id @param {SessionData} data @param {Callback<void>} [callback] */
  set(id, data, callback) {
    return answer(this.#save(id, data), callback);
  }

  /** @param {string} id @param {SessionData} data @param {Callback<void>} [callback] */
  touch(id, data, callback) {
    return answer(this.#touch(id, data), callback);
  }

  /** @param {string} id @param {Callback<void>} [callback] */
  destroy(id, callback) {
    return answer(this.#connection.run((client) => client.unlink(this.#prefix + id)).then(() => {}), callback);
  }

  /** @param {Callback<void>} [callback] */
  clear(callback) {
    return answer(this.#connection.clear(this.#prefix, this.#count), callback);
  }

  /** @param {Callback<number>} [callback] */
  length(callback) {
    return answer(this.#ids().then((ids) => ids.length), callback);
  }

  /** @param {Callback<string[]>} [callback] */
  ids(callback) {
    return answer(this.#ids(), callback);
  }

  /** @param {Callback<(SessionData & { id: string })[]>} [callback] */
  all(callback) {
    return answer(this.#all(), callback);
  }

  /** Closes the client that the store made. */
  close() {
    return this.#connection.close();
  }

  /** @param {any} request @param {any} data */
  createSession(request, data) {
    const made = super.createSession(request, data);
    this.#read.add(made);
    return made;
  }

  /** @param {string} id @param {SessionData} data */
  async #save(id, data) {
    const milliseconds = this.#lifetime(data);
    if (milliseconds !== null && milliseconds <= 0) return this.destroy(id);
    const text = this.#serializer.stringify(data);
    // Another request may have ended the session: it does not come back.
    const only = this.#read.has(data) ? { XX: true } : {};
    const expiry = milliseconds === null ? {} : { PX: milliseconds };
    await this.#connection.run((client) => client.set(this.#prefix + id, text, { ...expiry, ...only }));
  }

  /** @param {string} id @param {SessionData} data */
  async #touch(id, data) {
    const milliseconds = this.#touches ? this.#lifetime(data) : null;
    if (milliseconds !== null) await this.#connection.run((client) => client.pExpire(this.#prefix + id, milliseconds));
  }

  /** Milliseconds that a session has; `null` if it has no end. @param {SessionData} data @returns {number | null} */
  #lifetime(data) {
    if (!this.#expires) return null;
    if (typeof this.#ttl === "function") return Math.ceil(this.#ttl(data) * 1000);
    const expires = data?.cookie?.expires;
    return Math.ceil(expires ? new Date(expires).getTime() - Date.now() : this.#ttl * 1000);
  }

  /** @param {string} text @returns {SessionData} */
  #parsed(text) {
    try {
      return this.#serializer.parse(text);
    } catch {
      // The parser's own error would quote the session.
      throw new Error(`${ENTRY}: a session is not in the serializer's format`);
    }
  }

  async #ids() {
    const client = await this.#connection.use();
    /** @type {Set<string>} */
    const ids = new Set();
    for await (const page of this.#connection.pages(client, this.#prefix, this.#count)) for (const key of page) ids.add(key.slice(this.#prefix.length));
    return [...ids];
  }

  async #all() {
    const client = await this.#connection.use();
    /** @type {Map<string, SessionData & { id: string }>} */
    const found = new Map();
    for await (const keys of this.#connection.pages(client, this.#prefix, this.#count)) {
      for (const [index, text] of (await client.mGet(keys)).entries()) {
        const id = keys[index].slice(this.#prefix.length);
        // It may have ended since.
        if (text !== null) found.set(id, { ...this.#parsed(text), id });
      }
    }
    return [...found.values()];
  }
}

export default RedisStore;
