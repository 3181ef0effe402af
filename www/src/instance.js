// The instance of the wasm side that all clients share. Everything that runs in it is called from
// here, so that a trap is noticed wherever it happens: then everything that is open is rejected, a new
// instance replaces the old one, and the engine of each client connects again.

/** @import { Engine } from "./engine.js" */
/** @import { Glue, Unknown } from "./internal.js" */

import { report } from "./errors.js";

const NOW = Promise.resolve();

/**
 * Calls `action`, which must not throw, as soon as the current task has ended. `queueMicrotask` costs several
 * times as much in Node, where it is a wrapper.
 * @param {() => void} action
 */
export function soon(action) {
  NOW.then(action);
}

export class Instance {
  #glue;
  #memory;
  /** @type {Map<string, number>} */
  #names = new Map();
  /** @type {Map<number, ReturnType<typeof setTimeout>>} */
  _timers = new Map();
  /** @type {Set<Engine>} */
  #engines = new Set();
  /** Number of the instance: functions of an earlier one are no longer called. */
  generation = 0;
  /** @type {Uint8Array} */
  #view = new Uint8Array();
  /** @type {Uint32Array} */
  #words = new Uint32Array();

  /**
   * `glue` is the module of wasm-bindgen, `memory` returns the instance's memory.
   * @param {Glue} glue
   * @param {() => { buffer: ArrayBufferLike }} memory
   */
  constructor(glue, memory) {
    this.#glue = glue;
    this.#memory = memory;
    this.#start();
  }

  get RawClient() {
    return this.#glue.RawClient;
  }

  /** The memory as bytes. The view is valid until wasm is called. */
  get memory() {
    const { buffer } = this.#memory();
    if (this.#view.buffer !== buffer) this.#view = new Uint8Array(buffer);
    return this.#view;
  }

  /** The memory as words of four bytes, with the same validity. */
  get words() {
    const { buffer } = this.#memory();
    if (this.#words.buffer !== buffer) this.#words = new Uint32Array(buffer);
    return this.#words;
  }

  /**
   * The number of a command's name.
   * @param {string} name
   * @returns {number}
   */
  name = (name) => {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const number = this.enter(() => this.#glue.intern(name)) >>> 0;
    this.#names.set(name, number);
    return number;
  };

  /** @param {Engine} engine */
  add(engine) {
    this.#engines.add(engine);
  }

  /** @param {Engine} engine */
  remove(engine) {
    this.#engines.delete(engine);
  }

  /**
   * Frees an object of this instance as soon as the current task, which may be a call of that object, has ended.
   * @param {{ free(): void }} object
   */
  free(object) {
    soon(this.guard(() => object.free()));
  }

  /**
   * Calls into wasm and passes on what it throws; a trap is dealt with first.
   * @template T
   * @param {() => T} action
   * @returns {T}
   */
  enter(action) {
    try {
      return action();
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) this.#trapped(error);
      throw error;
    }
  }

  /**
   * Calls into wasm where no caller could catch what it throws.
   * @param {number} generation
   * @param {(first?: Unknown, second?: Unknown) => void} action
   * @param {unknown} [first]
   * @param {unknown} [second]
   */
  #enterAlone(generation, action, first, second) {
    if (generation !== this.generation) return;
    try {
      action(first, second);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) this.#trapped(error);
      else report(error);
    }
  }

  /**
   * A function of up to two arguments that calls into this instance, and does nothing once another has replaced it.
   * @template {(first: any, second: any) => void} F Arguments of any types are passed on.
   * @param {F} action
   * @returns {F}
   */
  guard(action) {
    const { generation } = this;
    return /** @type {F} */ ((/** @type {unknown} */ first, /** @type {unknown} */ second) => this.#enterAlone(generation, action, first, second));
  }

  #start() {
    const glue = this.#glue;
    const { generation } = this;
    const run = () => this.#enterAlone(generation, glue.run);
    glue.start({
      schedule: () => soon(run),
      arm: (timer, millis) => {
        clearTimeout(this._timers.get(timer));
        this._timers.set(timer, this._timer(() => this.#enterAlone(generation, () => glue.fire(timer)), millis));
      },
      disarm: (timer) => {
        clearTimeout(this._timers.get(timer));
        this._timers.delete(timer);
      },
    });
  }

  /** @param {() => void} action @param {number} millis */
  _timer(action, millis) {
    return setTimeout(action, millis);
  }

  /** @param {unknown} cause */
  #trapped(cause) {
    this.generation += 1;
    for (const timer of this._timers.values()) clearTimeout(timer);
    this._timers.clear();
    this.#names.clear();
    this.#glue.__wbg_reset_state();
    this.#start();
    for (const engine of [...this.#engines]) engine.trapped(cause);
  }
}
