// The class `Redis` of ioredis over the client of this package.

/** @import { Unknown } from "../internal.js" */
/** @import { Callback } from "./promises.js" */
/** @import { Results, Transaction as Batch } from "./pipeline.js" */
/** @import { Options } from "./options.js" */
/** @import { Kind } from "./subscriptions.js" */
/** @import { Script } from "./script.js" */
/** @import { Item } from "./connection.js" */
/** @import { Link } from "./link.js" */

import { Command } from "./command.js";
import { addCommands } from "./commander.js";
import { Connection } from "./connection.js";
import { AbortError, caused, isLost, ReplyError, translated } from "./errors.js";
import { DEFAULTS } from "./options.js";
import { Pipeline, Transaction } from "./pipeline.js";
import { noop, withCallback } from "./promises.js";
import { addScans } from "./scan-stream.js";
import { isMissing } from "./script.js";
import { begins, endOfNothing, Session } from "./session.js";
import { Subscriptions } from "./subscriptions.js";

const SUBSCRIBES = new Set(["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"]);
const UNSUBSCRIBES = new Set(["UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"]);

export class Redis extends Connection {
  static defaultOptions = DEFAULTS;

  /** @param {...unknown} args */
  static createClient(...args) {
    return new Redis(...args);
  }

  isCluster = false;
  /** @type {Record<string, Script>} */
  scriptsSet = {};
  addedBuiltinSet = new Set();
  /** @internal The pipelines of this object, which have its own commands too. */
  _Pipeline = class extends Pipeline {};
  /** @type {number | undefined} The database, if another than that of the options. */
  #database;
  #subscriptions = new Subscriptions(this);
  /** @type {Session | null} */
  #session = null;
  /** @param {...unknown} args A port, a host, a URL, options. */
  constructor(...args) {
    super(args);
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
    if (this.options.monitor) return "monitor";
    // Only RESP2 has such a mode, in which ioredis refuses commands.
    return this.options.protocol === 2 && this.#subscriptions.any ? "subscriber" : "normal";
  }

  /**
   * Closes the connection when what was sent has its replies.
   * @param {Callback} [callback]
   */
  quit(callback) {
    return this.sendCommand(new Command("quit", [], { replyEncoding: "utf8" }, callback));
  }

  /**
   * Resolves with another instance that emits `monitor` for each command that the server executes.
   * @param {Callback} [callback]
   */
  monitor(callback) {
    const instance = this.duplicate({ monitor: true, lazyConnect: false });
    const begun = new Promise((resolve, reject) => {
      instance.once("error", reject);
      instance.once("monitoring", () => resolve(instance));
    });
    return withCallback(begun, callback);
  }

  /**
   * Ends what `multi({ pipeline: false })` began.
   * @param {Callback} [callback]
   */
  exec(callback) {
    const command = new Command("exec", [], { replyEncoding: "utf8" });
    const wrapped = this.sendCommand(command).then((/** @type {Unknown} */ replies) =>
      Array.isArray(replies) ? replies.map((reply) => (reply instanceof Error ? [reply] : [null, reply])) : replies,
    );
    return withCallback(wrapped, callback);
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
    if (command.wireName === "SELECT") this.#select(command);
    command.database = this.#database;
    this._submit(command);
    return command.promise;
  }

  /** @internal @param {Batch} transaction */
  _transaction(transaction) {
    transaction.database = this.#database;
    this._submit(transaction);
    return transaction.promise;
  }

  /** @internal @param {Item} item */
  _issue(item) {
    const link = /** @type {Link} */ (this._link);
    if (item instanceof Transaction) {
      this.#transact(link, item);
      return;
    }
    const { wireName } = item;
    if (this.#session || begins(item)) return this.#alone(link, item);
    const nothing = endOfNothing(item);
    if (nothing !== null) return nothing instanceof Error ? item.reject(nothing) : item.resolve(word(item, nothing));
    const counted = (/** @type {number} */ count) => (this.options.stringNumbers ? String(count) : count);
    if (SUBSCRIBES.has(wireName)) return this.#settle(item, link, this.#subscriptions.add(link, kindOf(item), item.args).then(counted));
    if (UNSUBSCRIBES.has(wireName)) return item.resolve(counted(this.#subscriptions.remove(kindOf(item), item.args)));
    if (wireName === "QUIT") return this.#settle(item, link, this._leave(link).then(() => word(item, "OK")));
    if (wireName === "SELECT") {
      // The reply says whether there is such a database. A command that is the same in all of them would not.
      const asked = link.execute(new Command("dbsize"), item.database).then(
        () => "OK",
        (error) => {
          // Who may not count keys may use the database all the same.
          if (error?.serverCode === "NOPERM") return "OK";
          throw error;
        },
      );
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

  /** Sends a command on the connection of the session. @param {Link} link @param {Command} command */
  #alone(link, command) {
    if (!this.#session) {
      if (this.isCluster && command.wireName !== "WATCH") return command.reject(new Error("multi({ pipeline: false }) names no key, and so no node of the cluster: use multi(), or watch a key before"));
      const own = this.isCluster ? link.watched(command.args) : link.lease(command.database);
      this.#session = new Session(own, () => (this.#session = null));
    }
    this.#session.run(command, command.script !== undefined).then(command.resolve, (error) => {
      command.reject(isLost(error) ? caused(new AbortError("Command aborted due to connection close"), error) : translated(error, command));
    });
  }

  /** @param {Link} link @param {Batch} transaction */
  #transact(link, transaction) {
    const { commands } = transaction;
    if (this.#session) {
      this.#session.transaction(commands).then(transaction.resolve, (error) => transaction.reject(translated(error)));
      return;
    }
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
    if (command?.script && isMissing(error) && this._link === link) {
      link.scripts.delete(command.script.sha);
      return this._issue(command);
    }
    if (isLost(error)) return this._again(item, error);
    const why = translated(error, command);
    if (command && command.wireName !== "CLIENT" && error?.kind === "server" && this.options.reconnectOnError) {
      const wanted = this.options.reconnectOnError(why);
      if (wanted) {
        this.disconnect(true);
        if (wanted === 2) return this._wait(command);
      }
    }
    item.reject(why);
  }

  /** @param {Command} command */
  #select(command) {
    const database = Number(command.args[0]);
    if (!Number.isInteger(database) || database < 0 || this.condition.select === database) return;
    this.#database = database === (this.options.db || 0) ? undefined : database;
    this.emit("select", database);
  }

  /** @internal @param {Link} link @param {(error: Unknown) => void} failed */
  async _restore(link, failed) {
    if (!this.options.autoResubscribe) this.#subscriptions.clear();
    // Commands follow: what they publish must arrive.
    else if (this.#subscriptions.any) await this.#subscriptions.restore(link, failed);
  }

  /** @internal */
  _lose() {
    this.#session = null;
    this.#subscriptions.lost();
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
