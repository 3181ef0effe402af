// Commands that are sent together: `pipeline`, and `multi`, which is executed as one.

/** @import { Unknown } from "../internal.js" */
/** @import { Callback } from "./promises.js" */
/** @typedef {[error: unknown, result?: unknown][]} Results */
/**
 * @typedef {object} Owner
 * @property {Record<string, Unknown>} options
 * @property {(command: Command) => Promise<unknown>} sendCommand
 * @property {(transaction: Transaction) => Promise<Results | null>} _transaction
 */

import { Command } from "./command.js";
import { addCommands } from "./commander.js";
import { noop, withCallback } from "./promises.js";

/** Commands that are executed as one; it waits and is sent again as a whole. */
export class Transaction {
  /** How often it was sent again. */
  resent = 0;
  /** @type {number | undefined} The database, if another than that of the options. */
  database = undefined;
  /** @type {(results: Results | null) => void} */
  resolve = noop;
  /** @type {(error: unknown) => void} */
  reject = noop;

  /** @param {Command[]} commands */
  constructor(commands) {
    this.commands = commands;
    this.order = new Command("exec").order;
    /** @type {Promise<Results | null>} */
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

export class Pipeline {
  isPipeline = true;
  /** @type {(Command | Transaction)[]} */
  _queue = [];
  /** @type {Command[] | null} The commands of a transaction that is being written down. */
  #open = null;
  #isMulti;
  /** @type {Promise<Unknown> | null} */
  #sent = null;

  /** @param {Owner & object} redis @param {boolean} [isMulti] */
  constructor(redis, isMulti = false) {
    this.redis = redis;
    this.options = redis.options;
    this.isCluster = /** @type {Unknown} */ (redis).isCluster === true;
    this.#isMulti = isMulti;
    if (isMulti) this.#open = [];
  }

  /** Number of commands, MULTI and EXEC among them. */
  get length() {
    const sum = this._queue.reduce((count, entry) => count + (entry instanceof Command ? 1 : entry.commands.length + 2), 0);
    return sum + (this.#open ? this.#open.length + 1 : 0);
  }

  /** @param {Command} command */
  sendCommand(command) {
    command.promise.catch(noop);
    if (this.#open) {
      command.inTransaction = true;
      this.#open.push(command);
    } else {
      this._queue.push(command);
    }
    return this;
  }

  /** The commands up to `exec` are executed as one. */
  multi() {
    this.#open ??= [];
    return this;
  }

  /** Adds commands as arrays: name, arguments and perhaps a callback. @param {[name: string, ...args: unknown[]][]} commands */
  addBatch(commands) {
    for (const [name, ...args] of commands) /** @type {Unknown} */ (this)[name](...args);
    return this;
  }

  /**
   * Sends the commands, and returns the outcome of each as `[error, result]`; of a `multi`, null if a watched key has
   * changed.
   * @param {Callback} [callback]
   * @returns {Unknown}
   */
  exec(callback) {
    if (this.#isMulti) {
      const commands = this.#open;
      if (!commands) {
        return withCallback(this.#sent ?? Promise.reject(new Error("Pipeline cannot be used to send any commands when the `exec()` has been called on it.")), callback);
      }
      this.#open = null;
      this.#sent = this.redis._transaction(new Transaction(commands));
      return withCallback(this.#sent, callback);
    }
    if (this.#open) {
      // The end of a transaction inside of a pipeline: the next `exec` sends all.
      this._queue.push(new Transaction(this.#open));
      this.#open = null;
      return this;
    }
    this.#sent ??= this.#send();
    return withCallback(this.#sent, callback);
  }

  /** @param {Callback} [callback] */
  execBuffer(callback) {
    return this.exec(callback);
  }

  async #send() {
    const outcomes = this._queue.map((entry) => {
      if (entry instanceof Command) {
        this.redis.sendCommand(entry);
        return outcomeOf(entry.promise);
      }
      const settled = outcomeOf(this.redis._transaction(entry));
      /** @type {Results} */
      const before = [[null, "OK"], ...entry.commands.map(() => /** @type {[null, string]} */ ([null, "QUEUED"]))];
      return settled.then(([error, results]) => [
        ...before,
        error ? [error] : [null, results && /** @type {Results} */ (results).map(([failure, value]) => failure ?? value)],
      ]);
    });
    const results = await Promise.all(outcomes);
    return results.flatMap((result, at) => (this._queue[at] instanceof Command ? [result] : result));
  }
}

/** @param {Promise<unknown>} promise @returns {Promise<[error: unknown, result?: unknown]>} */
function outcomeOf(promise) {
  return promise.then(
    (value) => [null, value],
    (error) => [error],
  );
}

addCommands(Pipeline);
