// The instance of the wasm side that all clients share. Everything that runs in it is called from
// here, so that a trap is seen wherever it happens: then everything that is open is rejected, a new
// instance takes its place, and the engine of each client connects again.

import { report } from "./errors.js";

const NOW = Promise.resolve();

/**
 * Calls `action`, which must not throw, as soon as what runs now has ended. In Node `queueMicrotask` is a
 * wrapper that costs several times as much.
 */
export function soon(action) {
  NOW.then(action);
}

export class Instance {
  #glue;
  #memory;
  #names = new Map();
  #timers = new Map();
  #engines = new Set();
  /** Counts the instances: what belongs to an earlier one is not called any more. */
  generation = 0;
  #view = new Uint8Array();
  #words = new Uint32Array();

  /** `glue` is the module of wasm-bindgen, `memory` the instance's memory. */
  constructor(glue, memory) {
    this.#glue = glue;
    this.#memory = memory;
    this.#start();
  }

  get RawClient() {
    return this.#glue.RawClient;
  }

  /** The memory as it is now; not to be kept. */
  get memory() {
    const { buffer } = this.#memory();
    if (this.#view.buffer !== buffer) this.#view = new Uint8Array(buffer);
    return this.#view;
  }

  /** The same in words of four bytes. */
  get words() {
    const { buffer } = this.#memory();
    if (this.#words.buffer !== buffer) this.#words = new Uint32Array(buffer);
    return this.#words;
  }

  /** The number of a command's name. */
  name = (name) => {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const number = this.enter(() => this.#glue.intern(name)) >>> 0;
    this.#names.set(name, number);
    return number;
  };

  add(engine) {
    this.#engines.add(engine);
  }

  remove(engine) {
    this.#engines.delete(engine);
  }

  /** Frees an object of this instance as soon as what runs now, which may be a call of its own, has ended. */
  free(object) {
    soon(this.guard(() => object.free()));
  }

  /** Calls into wasm; what it throws is thrown, but a trap is dealt with before. */
  enter(action) {
    try {
      return action();
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) this.#trapped(error);
      throw error;
    }
  }

  /** The same from where nobody could catch it. */
  #enterAlone(generation, action, first, second) {
    if (generation !== this.generation) return;
    try {
      action(first, second);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) this.#trapped(error);
      else report(error);
    }
  }

  /** A function of up to two arguments that calls into this instance, and does nothing once there is another. */
  guard(action) {
    const { generation } = this;
    return (first, second) => this.#enterAlone(generation, action, first, second);
  }

  #start() {
    const glue = this.#glue;
    const { generation } = this;
    const run = () => this.#enterAlone(generation, glue.run);
    glue.start({
      schedule: () => soon(run),
      arm: (timer, millis) => {
        clearTimeout(this.#timers.get(timer));
        this.#timers.set(timer, setTimeout(() => this.#enterAlone(generation, () => glue.fire(timer)), millis));
      },
      disarm: (timer) => {
        clearTimeout(this.#timers.get(timer));
        this.#timers.delete(timer);
      },
    });
  }

  #trapped(cause) {
    this.generation += 1;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#names.clear();
    this.#glue.__wbg_reset_state();
    this.#start();
    for (const engine of [...this.#engines]) engine.trapped(cause);
  }
}
