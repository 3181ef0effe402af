// The instance of the build for servers: its timers keep a process alive only while a client does.

/** @import { Engine } from "../engine.js" */
/** @import { Unknown } from "../internal.js" */

import { Instance } from "../instance.js";

export class ServerInstance extends Instance {
  /** Clients that are open, and keep the process alive. @type {Set<Engine>} */
  #keeping = new Set();

  /** @param {() => void} action @param {number} millis */
  _timer(action, millis) {
    const timer = super._timer(action, millis);
    if (this.#keeping.size === 0) refer(timer, false);
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
    for (const timer of this._timers.values()) refer(timer, after);
  }
}

/** Whether the process stays alive for a timer: in browsers timers are numbers, of which nothing has to be said. @param {Unknown} timer @param {boolean} keeps */
function refer(timer, keeps) {
  timer[keeps ? "ref" : "unref"]?.();
}
