// The class `Redis` of ioredis over the client of this package.

/** @import { Unknown } from "../internal.js" */
/** @import { Callback } from "./promises.js" */
/** @import { Results, Transaction as Batch } from "./pipeline.js" */
/** @import { Options } from "./options.js" */
/** @import { Kind } from "./subscriptions.js" */
/** @import { Script } from "./script.js" */
/** @typedef {"wait" | "connecting" | "connect" | "ready" | "close" | "reconnecting" | "end"} Status */
/** @typedef {Command | Batch} Item What waits for a connection, and is sent again. */

import { EventEmitter } from "node:events";

import { Command } from "./command.js";
import { addCommands } from "./commander.js";
import { AbortError, CLOSED, closed, connectError, isLost, MaxRetriesPerRequestError, ReplyError, translated, caused } from "./errors.js";
import { Link } from "./link.js";
import { DEFAULTS, parseOptions } from "./options.js";
import { Pipeline, Transaction } from "./pipeline.js";
import { noop, withCallback } from "./promises.js";
import { addScans } from "./scan-stream.js";
import { isMissing } from "./script.js";
import { Subscriptions } from "./subscriptions.js";

const SUBSCRIBES = new Set(["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"]);
const UNSUBSCRIBES = new Set(["UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"]);

export class Redis extends EventEmitter {
  static defaultOptions = DEFAULTS;

  /** @param {...unknown} args */
  static createClient(...args) {
    return new Redis(...args);
  }

  /** @type {string} */
  status = "wait";
  isCluster = false;
  /** @type {Record<string, Script>} */
  scriptsSet = {};
  addedBuiltinSet = new Set();
  /** Number of failed attempts to connect since the last connection. */
  retryAttempts = 0;
  /** @internal The pipelines of this object, which have its own commands too. */
  _Pipeline = class extends Pipeline {};
  /** @type {Link | null} */
  #link = null;
  /** Number of the attempt: what belongs to an earlier one is ignored. */
  #epoch = 0;
  /** @type {AbortController | null} */
  #attempt = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #closing = false;
  /** @type {Item[]} What waits for a connection. */
  #waiting = [];
  /** @type {number | undefined} The database, if another than that of the options. */
  #database;
  #subscriptions = new Subscriptions(this);
  /** @type {{ resolve: () => void, reject: (error: unknown) => void } | null} The call of `connect`. */
  #connecting = null;

  /** @param {...unknown} args A port, a host, a URL, options. */
  constructor(...args) {
    super();
    /** @type {Options} */
    this.options = parseOptions(args);
    const self = /** @type {Unknown} */ (this);
    for (const [name, definition] of Object.entries(this.options.scripts ?? {})) self.defineCommand(name, definition);
    if (!this.options.lazyConnect) this.connect().catch(noop);
  }

  /** What ioredis knows of the connection. */
  get condition() {
    return { select: this.#database ?? this.options.db, subscriber: this.#subscriptions.any, protocol: 2 };
  }

  /** Commands are always sent together: none waits for a pipeline. */
  get autoPipelineQueueSize() {
    return 0;
  }

  get mode() {
    // Only RESP2 has such a mode, in which ioredis refuses commands.
    return this.options.protocol === 2 && this.#subscriptions.any ? "subscriber" : "normal";
  }

  /** @param {Callback} [callback] */
  connect(callback) {
    const promise = new Promise((/** @type {(done?: Unknown) => void} */ resolve, reject) => {
      if (["connecting", "connect", "ready"].includes(this.status)) throw new Error("Redis is already connecting/connected");
      clearTimeout(this.#timer);
      this.#connecting = { resolve, reject };
      this.#open().catch(noop);
    });
    return withCallback(promise, callback);
  }

  async #open() {
    const epoch = ++this.#epoch;
    const current = () => epoch === this.#epoch;
    this.#attempt = new AbortController();
    this.#setStatus("connecting");
    let link;
    try {
      link = await Link.open(this.options, {
        signal: this.#attempt.signal,
        lost: (error) => {
          if (current()) this.#lost(error);
        },
      });
    } catch (error) {
      if (!current()) return;
      const why = connectError(error);
      if (why instanceof ReplyError) this.#flush(why);
      this.#silentEmit("error", why);
      this.#closed(why);
      return;
    }
    if (!current()) return link.disconnect();
    this.#link = link;
    this.#setStatus("connect");
    const { connectionName } = this.options;
    // Not for all connections of the client: ioredis has one with this name.
    if (connectionName) link.execute(new Command("client", ["SETNAME", connectionName]), undefined).catch(noop);
    if (this.options.enableReadyCheck) await this.#loaded(link, current);
    if (!this.options.autoResubscribe) this.#subscriptions.clear();
    // Commands follow: what they publish must arrive.
    else if (this.#subscriptions.any) await this.#subscriptions.restore(link, (error) => current() && this.#silentEmit("error", translated(error)));
    if (current()) this.#ready(link);
  }

  /** Waits until the server has read its data. @param {Link} link @param {() => boolean} current */
  async #loaded(link, current) {
    while (current()) {
      let info = "";
      try {
        info = await link.execute(new Command("info", ["persistence"], { replyEncoding: "utf8" }), undefined);
      } catch (error) {
        if (isLost(error)) return;
        // Who may not ask cannot wait.
        return;
      }
      if (!/^loading:1/m.test(info)) return;
      const wait = Number(/^loading_eta_seconds:(\d+)/m.exec(info)?.[1] ?? 1) * 1000 || 1000;
      await new Promise((resolve) => setTimeout(resolve, Math.min(wait, this.options.maxLoadingRetryTime || wait)));
    }
  }

  /** @param {Link} link */
  #ready(link) {
    this.retryAttempts = 0;
    this.#setStatus("ready");
    this.#connecting?.resolve();
    this.#connecting = null;
    const waiting = this.#waiting.sort((one, other) => one.order - other.order);
    this.#waiting = [];
    for (const item of waiting) this.#issue(item);
  }

  /** The connection was lost. @param {Unknown} error */
  #lost(error) {
    const why = connectError(error);
    if (why?.code && why !== error && !this.#closing) this.#silentEmit("error", why);
    this.#closed(why);
  }

  /** What follows the end of a connection, or of an attempt. @param {unknown} [error] */
  #closed(error) {
    this.#epoch += 1;
    this.#attempt?.abort(closed(error));
    this.#attempt = null;
    this.#link?.disconnect();
    this.#link = null;
    this.#subscriptions.lost();
    clearTimeout(this.#timer);
    this.#setStatus("close");
    this.#connecting?.reject(closed(error));
    this.#connecting = null;
    const { retryStrategy, maxRetriesPerRequest } = this.options;
    const delay = this.#closing || typeof retryStrategy !== "function" ? null : retryStrategy(++this.retryAttempts);
    this.#closing = false;
    if (typeof delay !== "number") {
      this.#setStatus("end");
      this.#flush(closed(error));
      return;
    }
    this.#setStatus("reconnecting", delay);
    this.#timer = setTimeout(() => this.connect().catch(noop), delay);
    if (typeof maxRetriesPerRequest === "number" && maxRetriesPerRequest >= 0 && this.retryAttempts % (maxRetriesPerRequest + 1) === 0) {
      this.#flush(caused(new MaxRetriesPerRequestError(maxRetriesPerRequest), error));
    }
  }

  /** The connection, as far as programs ask for it: to break it. */
  get stream() {
    const destroy = () => {
      if (this.#link) this.#closed();
    };
    return this.#link && { writable: this.status === "ready", destroyed: false, destroy, end: destroy };
  }

  /**
   * Closes the connection at once; what was sent and has no reply fails.
   * @param {boolean} [reconnect]
   */
  disconnect(reconnect = false) {
    if (this.status === "end") return;
    if (!reconnect) this.#closing = true;
    // A timer is running: it stays.
    else if (this.status === "reconnecting") return;
    this.#closed();
  }

  end() {
    this.disconnect();
  }

  /**
   * Closes the connection when what was sent has its replies.
   * @param {Callback} [callback]
   */
  quit(callback) {
    return this.sendCommand(new Command("quit", [], { replyEncoding: "utf8" }, callback));
  }

  /** @param {Options} [override] */
  duplicate(override) {
    return new /** @type {typeof Redis} */ (this.constructor)({ ...this.options, ...override });
  }

  /**
   * Sends a command, now or when there is a connection.
   * @param {Command} command
   */
  sendCommand(command) {
    this.#submit(command);
    return command.promise;
  }

  /** @internal @param {Batch} transaction */
  _transaction(transaction) {
    this.#submit(transaction);
    return transaction.promise;
  }

  /** @param {Item} item */
  #submit(item) {
    if (this.status === "wait") this.connect().catch(noop);
    if (this.status === "end") return item.reject(closed());
    if (item instanceof Command && item.wireName === "SELECT") this.#select(item);
    item.database = this.#database;
    if (this.status === "ready") return this.#issue(item);
    if (!this.options.enableOfflineQueue) {
      return item.reject(new Error("Stream isn't writeable and enableOfflineQueue options is false"));
    }
    if (item instanceof Command && item.wireName === "QUIT" && this.#waiting.length === 0) {
      this.disconnect();
      return item.resolve(word(item, "OK"));
    }
    this.#waiting.push(item);
  }

  /** @param {Item} item */
  #issue(item) {
    const link = /** @type {Link} */ (this.#link);
    if (item instanceof Transaction) {
      this.#transact(link, item);
      return;
    }
    const { wireName } = item;
    const counted = (/** @type {number} */ count) => (this.options.stringNumbers ? String(count) : count);
    if (SUBSCRIBES.has(wireName)) return this.#settle(item, link, this.#subscriptions.add(link, kindOf(item), item.args).then(counted));
    if (UNSUBSCRIBES.has(wireName)) return item.resolve(counted(this.#subscriptions.remove(kindOf(item), item.args)));
    if (wireName === "QUIT") return this.#quit(link, item);
    if (wireName === "SELECT") {
      // The reply says whether there is such a database. A command that is the same in all of them would not.
      const asked = link.execute(new Command("dbsize"), item.database).then(() => "OK");
      asked.catch(() => {
        if (this.#database === item.database) this.#database = undefined;
      });
      return this.#settle(item, link, asked);
    }
    const byText = item.script !== undefined && !link.scripts.has(item.script.sha);
    if (byText) link.scripts.add(/** @type {Script} */ (item.script).sha);
    this.#settle(item, link, link.execute(item, item.database, byText));
  }

  /** @param {Command} command @param {Link} link @param {Promise<Unknown>} promise */
  #settle(command, link, promise) {
    promise.then(command.resolve, (error) => this.#failed(command, link, error));
  }

  /** @param {Link} link @param {Batch} transaction */
  #transact(link, transaction) {
    const { commands } = transaction;
    link.transaction(commands, transaction.database).then(
      (items) =>
        transaction.resolve(
          items.map((item, at) => {
            if (item instanceof Error) return settled(commands[at], translated(item, commands[at]));
            try {
              return settled(commands[at], null, commands[at].transformReply(item));
            } catch (error) {
              return settled(commands[at], error);
            }
          }),
        ),
      (error) => {
        if (isLost(error)) return this.#failed(transaction, link, error);
        if (error?.kind !== "server") {
          const why = translated(error);
          for (const command of commands) command.reject(why);
          return transaction.reject(why);
        }
        const guilty = commands.find(({ wireName }) => wireName === error.command);
        for (const command of commands) {
          if (command === guilty) command.reject(translated(error, command));
          else command.resolve(word(command, "QUEUED"));
        }
        transaction.reject(refused(error));
      },
    );
  }

  /**
   * A command or a transaction failed: it is sent again, or rejected.
   * @param {Item} item
   * @param {Link} link
   * @param {Unknown} error
   */
  #failed(item, link, error) {
    const command = item instanceof Command ? item : undefined;
    if (command?.script && isMissing(error) && this.#link === link) {
      link.scripts.delete(command.script.sha);
      return this.#issue(command);
    }
    if (isLost(error)) return this.#again(item, error);
    const why = translated(error, command);
    if (command && command.wireName !== "CLIENT" && error?.kind === "server" && this.options.reconnectOnError) {
      const wanted = this.options.reconnectOnError(why);
      if (wanted) {
        if (wanted === 2) this.#waiting.push(command);
        this.disconnect(true);
        if (wanted === 2) return;
      }
    }
    item.reject(why);
  }

  /** The connection ended before the reply. @param {Item} item @param {Unknown} error */
  #again(item, error) {
    if (this.status === "end" || this.#closing) return item.reject(closed(error));
    if (error.delivery !== "not-sent" && !this.options.autoResendUnfulfilledCommands) {
      return item.reject(caused(new AbortError("Command aborted due to connection close"), error));
    }
    if (this.status === "ready" && this.#link) this.#issue(item);
    else this.#waiting.push(item);
  }

  /** @param {Link} link @param {Command} command */
  #quit(link, command) {
    this.#closing = true;
    link.close().then(
      () => {
        command.resolve(word(command, "OK"));
        if (this.#link === link) this.#closed();
      },
      (error) => command.reject(translated(error)),
    );
  }

  /** @param {Command} command */
  #select(command) {
    const database = Number(command.args[0]);
    if (!Number.isInteger(database) || database < 0 || this.condition.select === database) return;
    this.#database = database === (this.options.db || 0) ? undefined : database;
    this.emit("select", database);
  }

  /** Rejects what waits for a connection. @param {Error} error */
  #flush(error) {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const item of waiting) {
      if (item instanceof Transaction) for (const command of item.commands) command.reject(error);
      item.reject(error);
    }
  }

  /** @param {Status} status @param {unknown} [detail] */
  #setStatus(status, detail) {
    this.status = status;
    process.nextTick(() => this.emit(status, detail));
  }

  /** Emits an error only to who listens: without a listener, that would end the process. @param {string} event @param {Unknown} error */
  #silentEmit(event, error) {
    if (this.status === "end") return;
    if (this.#closing && (error?.message === CLOSED || error?.syscall === "connect" || error?.syscall === "read")) return;
    if (this.listenerCount(event) > 0) this.emit(event, error);
    else console.error("[redmux/ioredis] Unhandled error event:", error?.stack ?? error);
  }

  /** @param {Unknown[]} [commands] */
  pipeline(commands) {
    const pipeline = new this._Pipeline(this);
    return Array.isArray(commands) ? pipeline.addBatch(/** @type {Unknown} */ (commands)) : pipeline;
  }

  /** @param {Unknown} [commands] @param {Unknown} [options] @returns {Unknown} */
  multi(commands, options) {
    if (options === undefined && !Array.isArray(commands)) [commands, options] = [undefined, commands];
    if (options?.pipeline === false) return this.sendCommand(new Command("multi", [], { replyEncoding: "utf8" }));
    const pipeline = new this._Pipeline(this, true);
    return Array.isArray(commands) ? pipeline.addBatch(/** @type {Unknown} */ (commands)) : pipeline;
  }
}

/** @param {Command} command */
function kindOf({ wireName }) {
  return /** @type {Kind} */ (wireName.toLowerCase().replace("un", ""));
}

/** The outcome of a command of a transaction. @param {Command} command @param {unknown} error @param {unknown} [value] @returns {[unknown, unknown?]} */
function settled(command, error, value) {
  if (error) command.reject(error);
  else command.resolve(word(command, "QUEUED"));
  return error ? [error] : [null, value];
}

/** A status as the caller of the command reads texts. @param {Command} command @param {string} text */
function word({ replyEncoding }, text) {
  return replyEncoding === null ? Buffer.from(text) : text;
}

/** A transaction that the server refused whole. @param {Unknown} error */
function refused(error) {
  const why = caused(new ReplyError("EXECABORT Transaction discarded because of previous errors."), error);
  return Object.assign(why, { previousErrors: [translated(error)] });
}

addCommands(Redis);
addScans(Redis);
Object.assign(Redis, { Command, Pipeline });
