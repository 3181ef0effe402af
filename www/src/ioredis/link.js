// One connection of a `Redis` object, by the client of this package. Everything that is asked of that client is here.

/** @import { Client } from "../client.js" */
/** @import { Subscription } from "../subscription.js" */
/** @import { Unknown } from "../internal.js" */
/** @import { Options } from "./options.js" */
/** @typedef {{ channel: string, payload: Uint8Array, pattern: string | null }} Message */
/** @typedef {{ time: number, database: number, client: string, args: string[] }} Monitored */
/** @typedef {{ execute(command: Command, byText?: boolean): Promise<Unknown>, release(): void }} OwnLink A connection of its own. */

import { connect } from "./client.js";
import { Command } from "./command.js";
import { closed, needsNoPassword } from "./errors.js";
import { isAcknowledgement } from "./names.js";
import { readerFor } from "./values.js";

export class Link {
  #client;
  #options;
  /** Ends what waits on the server. */
  #over = new AbortController();
  /** Scripts that this server has: their digests. @type {Set<string>} */
  scripts = new Set();

  /** @param {Client} client @param {Options} options */
  constructor(client, options) {
    this.#client = client;
    this.#options = options;
  }

  /**
   * Connects; `lost` is called once when the connection is lost.
   * @param {Options} options
   * @param {(options: Options) => [url: Unknown, options: Unknown]} toConnect What the client of this package is opened with.
   * @param {(error: Unknown) => void} lost
   */
  static async open(options, toConnect, lost) {
    let client;
    try {
      client = await connect(...toConnect(options));
    } catch (error) {
      if (!needsNoPassword(error)) throw error;
      console.warn("[redmux/ioredis] the server does not require a password, but one was given");
      client = await connect(...toConnect({ ...options, username: null, password: null }));
    }
    /** @type {Unknown} */
    let why = null;
    client.on("connectionFailed", ({ error }) => (why = error));
    client.on("gaveUp", ({ error }) => lost(why ?? error));
    return new Link(/** @type {Client} */ (/** @type {unknown} */ (client)), options);
  }

  /**
   * Sends a command. `eval`: with the text of the script, which the server may not have.
   * @param {Command} command
   * @param {number | undefined} database
   * @param {boolean} [byText]
   * @returns {Promise<Unknown>}
   */
  execute(command, database, byText = false) {
    if (isAcknowledgement(command.wireName)) return this.#acknowledged(command, database);
    return this.#send(this.#at(database), command, byText);
  }

  /** @param {number | undefined} database */
  #at(database) {
    return database === undefined ? this.#client : this.#client.database(database);
  }

  /** @param {Client} client @param {Command} command @param {boolean} byText */
  #send(client, command, byText) {
    const { name, words, bytes, shape } = this.#packed(command, byText);
    return client._execute(name, words, command.isBlocking ? { bytes, signal: this.#over.signal } : { bytes }, shape);
  }

  /** A connection of its own, until it is given back. @param {number | undefined} database @returns {Promise<OwnLink>} */
  async lease(database) {
    const client = await /** @type {Unknown} */ (this.#at(database)).lease();
    return {
      execute: (command, byText = false) => this.#send(client, command, byText),
      release: () => client.release(),
    };
  }

  /**
   * The same on the node of a cluster that has these keys, which are watched there.
   * @param {readonly unknown[]} keys
   * @returns {Promise<OwnLink>}
   */
  watched(keys) {
    return new Promise((resolve, reject) => {
      const body = (/** @type {Client} */ client) =>
        new Promise((release) => resolve({ execute: (command, byText = false) => this.#send(client, command, byText), release: () => release(undefined) }));
      const all = /** @type {Unknown} */ (this.#client);
      all.watch(keys, body, { attempts: 1 }).catch(reject);
    });
  }

  /**
   * WAIT and WAITAOF, which are about the writes of one connection, on another one: replicas get what it publishes there after
   * all that this one has written.
   * @param {Command} command
   * @param {number | undefined} database
   * @returns {Promise<Unknown>}
   */
  async #acknowledged(command, database) {
    const own = await this.lease(database);
    try {
      await this.execute(new Command("ping"), database);
      await own.execute(new Command("publish", ["redmux:wait", ""]));
      return await own.execute(command);
    } finally {
      own.release();
    }
  }

  /** Opens a connection for commands that block. */
  async prepare() {
    const link = await this.lease(undefined).catch(() => null);
    link?.release();
  }

  /** What the server executes, until the signal. @param {AbortSignal} signal @returns {AsyncGenerator<Monitored>} */
  monitor(signal) {
    return /** @type {Unknown} */ (this.#client).monitor({ signal });
  }

  /** The addresses of the nodes of a cluster. @returns {{ endpoint: string, role: string }[]} */
  nodes() {
    return /** @type {Unknown} */ (this.#client).nodes();
  }

  /**
   * Executes commands as one; the outcome of each is a reply or an error.
   * @param {readonly Command[]} commands
   * @param {number | undefined} database
   * @returns {Promise<unknown[]>}
   */
  transaction(commands, database) {
    const client = this.#at(database);
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

  /**
   * Closes: commands that wait on the server fail, and others get their replies if they come soon.
   * @param {number} [most] Milliseconds.
   */
  async disconnect(most = 0) {
    const client = /** @type {Unknown} */ (this.#client);
    this.#over.abort(closed());
    if (most === 0) return client.disconnect();
    const timer = setTimeout(() => client.disconnect(), most);
    await client.close().catch(() => {});
    clearTimeout(timer);
  }
}
