// The instance of the build for servers: its timers keep a process alive only while a client does.

/** @import { Engine } from "../engine.js" */
/** @import { Unknown } from "../internal.js" */

import { Instance } from "../instance.js";

export class ServerInstance extends Instance {
  /** Clients that are open, and keep the process alive. @type {Set<Engine>} */
  #keeping = new Set();
  /** @type {Set<WeakRef<object>>} Browsers have numbers for timers, which nothing has to be said of. */
  #timers = new Set();

  /** @param {() => void} action @param {number} millis */
  _timer(action, millis) {
    const timer = setTimeout(() => {
      this.#timers.delete(weak);
      action();
    }, millis);
    /** @type {Unknown} */
    let weak;
    if (typeof timer === "object") {
      weak = new WeakRef(timer);
      this.#timers.add(weak);
      // Timers that were cleared are collected.
      if (this.#timers.size > 64) for (const one of this.#timers) if (!one.deref()) this.#timers.delete(one);
      if (this.#keeping.size === 0) /** @type {Unknown} */ (timer).unref?.();
    }
    return timer;
  }

  /** @param {Engine} engine */
  add(engine) {
    super.add(engine);
    this.hold(engine, true);
  }

  /** @param {Engine} engine */
  remove(engine) {
    super.remove(engine);
    this.hold(engine, false);
  }

  /** @param {Engine} engine @param {boolean} keeps */
  hold(engine, keeps) {
    const before = this.#keeping.size > 0;
    if (keeps) this.#keeping.add(engine);
    else this.#keeping.delete(engine);
    const after = this.#keeping.size > 0;
    if (before === after) return;
    for (const weak of this.#timers) {
      const timer = /** @type {Unknown} */ (weak.deref());
      if (after) timer?.ref?.();
      else timer?.unref?.();
    }
  }
}
