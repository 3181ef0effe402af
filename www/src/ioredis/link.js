// One connection of a `Redis` object, by the client of this package. Everything that is asked of that client is here.

/** @import { Client } from "../client.js" */
/** @import { Subscription } from "../subscription.js" */
/** @import { Unknown } from "../internal.js" */
/** @import { Command } from "./command.js" */
/** @import { Options } from "./options.js" */
/** @typedef {{ channel: string, payload: Uint8Array, pattern: string | null }} Message */

import { connect } from "./client.js";
import { needsNoPassword } from "./errors.js";
import { toConnect } from "./options.js";
import { readerFor } from "./values.js";

export class Link {
  #client;
  #options;
  /** Scripts that this server has: their digests. @type {Set<string>} */
  scripts = new Set();

  /** @param {Client} client @param {Options} options @param {(error: Unknown) => void} lost */
  constructor(client, options, lost) {
    this.#client = client;
    this.#options = options;
    /** @type {Unknown} */
    let why = null;
    client.on("connectionFailed", ({ error }) => (why = error));
    client.on("gaveUp", ({ error }) => lost(why ?? error));
  }

  /**
   * Connects; `lost` is called once when the connection is lost.
   * @param {Options} options
   * @param {{ signal: AbortSignal, lost: (error: Unknown) => void }} how
   */
  static async open(options, { signal, lost }) {
    const dial = (/** @type {Options} */ given) => connect(...toConnect(given, signal));
    let client;
    try {
      client = await dial(options);
    } catch (error) {
      if (!needsNoPassword(error)) throw error;
      console.warn("[redmux/ioredis] the server does not require a password, but one was given");
      client = await dial({ ...options, username: null, password: null });
    }
    return new Link(/** @type {Client} */ (/** @type {unknown} */ (client)), options, lost);
  }

  /**
   * Sends a command. `eval`: with the text of the script, which the server may not have.
   * @param {Command} command
   * @param {number | undefined} database
   * @param {boolean} [byText]
   * @returns {Promise<Unknown>}
   */
  execute(command, database, byText = false) {
    const client = database === undefined ? this.#client : this.#client.database(database);
    const { name, words, bytes, shape } = this.#packed(command, byText);
    return client._execute(name, words, { bytes }, shape);
  }

  /**
   * Executes commands as one; the outcome of each is a reply or an error.
   * @param {readonly Command[]} commands
   * @param {number | undefined} database
   * @returns {Promise<unknown[]>}
   */
  transaction(commands, database) {
    const client = database === undefined ? this.#client : this.#client.database(database);
    /** @type {Set<string>} */
    const sent = new Set();
    const packed = commands.map((command) => {
      const { script } = command;
      // The server may have forgotten the script, and the transaction would go on without it.
      const byText = script !== undefined && !sent.has(script.sha);
      if (byText) sent.add(script.sha);
      return { ...this.#packed(command, byText), bigint: false };
    });
    return client._transaction(packed);
  }

  /** @param {Command} command @param {boolean} byText */
  #packed(command, byText) {
    const { bytes, shape } = readerFor(command.replyEncoding, this.#options.stringNumbers === true);
    const { script, args } = command;
    if (script && byText) return { name: "EVAL", words: [script.lua, ...args.slice(1)], bytes, shape };
    return { name: command.wireName, words: args, bytes, shape };
  }

  /**
   * @param {"subscribe" | "pSubscribe" | "sSubscribe"} method
   * @param {string | Uint8Array} channel
   * @param {(message: Message) => void} listener
   * @returns {Promise<Subscription>}
   */
  subscribe(method, channel, listener) {
    return this.#client[method](channel, listener, { bytes: true });
  }

  /** Finishes what was sent, and closes. */
  close() {
    return this.#client.close();
  }

  /** Closes at once. */
  disconnect() {
    const client = /** @type {Unknown} */ (this.#client);
    (client.disconnect ? Promise.resolve(client.disconnect()) : client.close()).catch(() => {});
  }
}
