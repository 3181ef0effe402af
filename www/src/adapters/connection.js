// What adapters share: the client that they use, the check of their options, and scans for keys with a prefix.

/** @import { ConnectOptions, Server, ServerClient } from "../server.js" */
/** @import { ClientOrServer } from "./client.js" */

import { connect } from "redmux";

/** The client of an adapter: the one that was given, or one that is connected when it is first needed. */
export class Connection {
  #entry;
  #given;
  #options;
  /** @type {Promise<ServerClient> | null} */
  #own = null;

  /**
   * @param {string} entry The name of the entry, for errors.
   * @param {ClientOrServer | undefined} given
   * @param {ConnectOptions} [options] Of a client that is made here.
   */
  constructor(entry, given, options) {
    if (given === undefined || given === null) {
      throw new TypeError(`${entry}: expected a client of redmux, or a server such as "redis://localhost:6379"`);
    }
    if (options !== undefined && isClient(given)) throw new TypeError(`${entry}: connect is for a client that is made here, and one was given`);
    this.#entry = entry;
    this.#given = given;
    this.#options = options;
  }

  /** The client; a promise of it while it connects. @returns {ServerClient | Promise<ServerClient>} */
  use() {
    const given = this.#given;
    if (isClient(given)) return given;
    if (isPromise(given)) return given;
    // A server that is away now may be back at the next call. A wrong URL fails each of them.
    this.#own ??= connect(/** @type {Server} */ (given), { abortOnConnectFail: false, ...this.#options }).catch((error) => {
      this.#own = null;
      throw error;
    });
    return this.#own;
  }

  /** What the client returns, as a promise. @template T @param {(client: ServerClient) => Promise<T>} action @returns {Promise<T>} */
  async run(action) {
    const client = this.use();
    // A client that is there gets the command now, so that those of one turn go out together.
    return action(isPromise(client) ? await client : client);
  }

  /** Deletes all keys with this prefix, some at a time. @param {string} prefix @param {number} [count] */
  async clear(prefix, count) {
    if (prefix === "") throw new Error(`${this.#entry}: clearing would delete every key of the database: say which prefix is meant`);
    await this.run(async (client) => {
      for await (const keys of this.pages(client, prefix, count)) await client.unlink(...keys);
    });
  }

  /** The keys with this prefix, page by page; a key may come twice. @param {ServerClient} client @param {string} prefix */
  pages(client, prefix, count = 1000) {
    return client.scanIterator({ MATCH: `${prefix.replace(/[*?[\]\\]/g, "\\$&")}*`, COUNT: count }).batches();
  }

  /** Closes the client, unless it was given. */
  async close() {
    const own = this.#own;
    this.#own = null;
    await (await own?.catch(() => null))?.close();
  }
}

/** @param {ClientOrServer} given @returns {given is ServerClient} */
function isClient(given) {
  return typeof (/** @type {{ send?: unknown }} */ (given)?.send) === "function";
}

/** @param {ClientOrServer | ServerClient} given @returns {given is Promise<ServerClient>} */
function isPromise(given) {
  return typeof (/** @type {{ then?: unknown }} */ (given)?.then) === "function";
}

/** Refuses options that do not exist. @param {string} entry @param {object} options @param {readonly string[]} names */
export function checkOptions(entry, options, names) {
  if (options === null || typeof options !== "object") throw new TypeError(`${entry}: expected an object of options`);
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) throw new TypeError(`${entry}: ${name} is not an option (expected one of ${names.join(", ")})`);
  }
}

/** A positive number, or the default for `undefined`. @param {string} entry @param {string} name @param {number | undefined} value @param {number} byDefault */
export function positive(entry, name, value, byDefault) {
  if (value === undefined) return byDefault;
  if (typeof value === "number" && value > 0) return value;
  throw new TypeError(`${entry}: ${name}: expected a positive number`);
}

/** Bytes as Node's Buffer, where there is one. @param {Uint8Array} bytes @returns {Uint8Array} */
export function buffered(bytes) {
  const { Buffer } = globalThis;
  return Buffer === undefined ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Where failures go that no caller can catch: to the program, or to the console, at most once in ten seconds.
 * @param {string} entry @param {((error: Error) => void) | undefined} onError @returns {(what: string, error: any) => void}
 */
export function reporter(entry, onError) {
  if (onError !== undefined && typeof onError !== "function") throw new TypeError(`${entry}: onError: expected a function`);
  let next = -Infinity;
  let silent = 0;
  return (what, cause) => {
    const error = new Error(`${entry}: ${what}: ${cause?.message ?? cause}`, { cause });
    if (onError) return onError(error);
    silent += 1;
    const now = performance.now();
    if (now < next) return;
    console.error(silent === 1 ? error.message : `${error.message} (${silent} failures)`);
    next = now + 10_000;
    silent = 0;
  };
}
