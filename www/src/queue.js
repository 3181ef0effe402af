// Commands that are sent together: `multi` and `pipeline`.

/** @import { Engine } from "./engine.js" */
/** @import { GivenOptions, Queued, Shape, Spec } from "./internal.js" */

import { checkOptions, sendOptions } from "./calls.js";
import { mistake } from "./errors.js";
import { toWords } from "./shape.js";

/** Has the methods of a client, and `send`. */
export class Queue {
  #engine;
  /** @type {Queued[]} */
  #commands = [];
  #together;
  #database;
  #done = false;

  /**
   * @internal Made by `multi` and `pipeline`.
   * @param {Engine} engine
   * @param {boolean} together
   * @param {number} [database]
   */
  constructor(engine, together, database) {
    this.#engine = engine;
    this.#together = together;
    this.#database = database;
  }

  /** Number of commands in the queue. */
  get length() {
    return this.#commands.length;
  }

  /** @param {string} command @param {...unknown} args */
  send(command, ...args) {
    const options = sendOptions(command, args);
    return this._push(command, args, options, undefined, "send");
  }

  /** @internal @param {Spec} spec @param {unknown[]} args */
  _call(spec, args) {
    const { words, options } = toWords(spec, args);
    return this._push(spec.command, words, options, spec.shape, spec.method);
  }

  /**
   * @internal
   * @param {string} name
   * @param {unknown[]} words
   * @param {GivenOptions} options
   * @param {Shape | undefined} shape
   * @param {string} method
   */
  _push(name, words, { bytes = false, bigint, timeout, signal, cached }, shape, method) {
    if (timeout !== undefined || signal !== undefined || cached !== undefined) {
      throw mistake(`${method}: timeout and signal are options of exec, and cached is not possible`);
    }
    this.#commands.push({ name, words, bytes, bigint: bigint ?? this.#engine.bigint, shape });
    return this;
  }

  /**
   * The replies, in order. Rejects with the first error; the other commands ran nevertheless.
   * @param {GivenOptions} [options]
   */
  async exec(options) {
    /** @type {any[]} Either field, by the status. */
    const results = await this.execSettled(options);
    const failed = results.find(({ status }) => status === "rejected");
    if (failed) throw failed.reason;
    return results.map(({ value }) => value);
  }

  /**
   * The outcome of each command, as `Promise.allSettled` gives it.
   * @param {GivenOptions} [options]
   * @returns {Promise<PromiseSettledResult<unknown>[]>}
   */
  async execSettled(options = {}) {
    checkOptions("exec", options, ["timeout", "signal"]);
    if (this.#done) throw mistake("exec: these commands have been sent");
    this.#done = true;
    if (this.#commands.length === 0) return [];
    if (!this.#together) {
      const calls = this.#commands.map(({ name, words, bytes, bigint, shape }) =>
        this.#engine.execute(name, words, { ...options, bytes, bigint }, shape, this.#database),
      );
      return Promise.allSettled(calls);
    }
    const items = await this.#engine.transaction(this.#commands, options, this.#database);
    return items.map((item) =>
      item instanceof Error ? { status: "rejected", reason: item } : { status: "fulfilled", value: item },
    );
  }
}
