// Events: named listeners whose exceptions never reach the client.

import { mistake, report } from "./errors.js";
import { Waiting } from "./waiting.js";

/** Every event, in the order of the documentation. */
export const EVENTS = Object.freeze([
  "connectionFailed",
  "connectionRestored",
  "gaveUp",
  "errorMessage",
  "listenerError",
  "subscriptionRefused",
  "internalError",
  "configurationChanged",
  "missed",
]);

/** Events that wait for a slow reader before the oldest are dropped. */
const CAPACITY = 256;
/** About what an event takes, in bytes. */
const SIZE = 200;

export class Hub {
  #listeners = new Map();
  #target = null;
  #iterators = new Set();
  #ended = false;

  on(event, listener) {
    check(event, listener);
    const list = this.#listeners.get(event) ?? [];
    // A new list each time: one that is being gone through does not change.
    this.#listeners.set(event, [...list, { listener, once: false }]);
  }

  once(event, listener) {
    check(event, listener);
    const list = this.#listeners.get(event) ?? [];
    this.#listeners.set(event, [...list, { listener, once: true }]);
  }

  /** Removes the listener that was added first, if it is there. */
  off(event, listener) {
    check(event, listener);
    const list = this.#listeners.get(event) ?? [];
    const index = list.findIndex((entry) => entry.listener === listener);
    if (index >= 0) this.#listeners.set(event, without(list, index));
  }

  get target() {
    this.#target ??= new SafeTarget(this);
    return this.#target;
  }

  iterate() {
    const waiting = new Waiting(CAPACITY);
    if (this.#ended) waiting.end();
    else this.#iterators.add(waiting);
    return {
      next: () => {
        const count = waiting.dropped;
        if (count === 0) return waiting.next();
        waiting.dropped = 0;
        const message = `missed ${count} events: the reader was too slow`;
        return Promise.resolve({ done: false, value: { type: "missed", detail: { source: "events", cause: "queueFull", count, message } } });
      },
      return: async () => {
        waiting.clear();
        waiting.end();
        this.#iterators.delete(waiting);
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** No more events come. */
  end() {
    this.#ended = true;
    for (const waiting of this.#iterators) waiting.end();
    this.#iterators.clear();
    this.#listeners.clear();
  }

  emit(event, payload) {
    if (this.#ended) return;
    for (const waiting of this.#iterators) waiting.push({ type: event, detail: payload }, SIZE);
    this.#target?.dispatchEvent(new CustomEvent(event, { detail: payload }));
    for (const { listener, once } of this.#listeners.get(event) ?? []) {
      if (once) this.off(event, listener);
      this.call(event, listener, payload);
    }
  }

  /** Calls a listener of `origin`; what it throws, or rejects with, is reported and goes no further. */
  call(origin, listener, payload) {
    try {
      const result = listener(payload);
      if (typeof result?.then === "function") result.then(undefined, (error) => this.report(origin, error));
    } catch (error) {
      this.report(origin, error);
    }
  }

  /** Code of the program has thrown, where nobody would hear of it. */
  report(origin, error) {
    report(error);
    // One that listens for this and throws is not called for that again.
    if (origin === "listenerError") return;
    this.emit("listenerError", { origin, error, message: `a listener threw: ${origin}` });
  }
}

/** An `EventTarget` whose listeners may throw: most runtimes end the process otherwise. */
class SafeTarget extends EventTarget {
  #hub;
  #safe = new WeakMap();

  constructor(hub) {
    super();
    this.#hub = hub;
  }

  addEventListener(type, listener, options) {
    super.addEventListener(type, this.#guarded(listener), options);
  }

  removeEventListener(type, listener, options) {
    super.removeEventListener(type, this.#safe.get(listener) ?? listener, options);
  }

  #guarded(listener) {
    if (typeof listener !== "function" && typeof listener?.handleEvent !== "function") return listener;
    let safe = this.#safe.get(listener);
    if (!safe) {
      const act = (event) => (typeof listener === "function" ? listener.call(this, event) : listener.handleEvent(event));
      safe = (event) => this.#hub.call(event.type, act, event);
      this.#safe.set(listener, safe);
    }
    return safe;
  }
}

function without(list, index) {
  return list.filter((_, i) => i !== index);
}

function check(event, listener) {
  if (!EVENTS.includes(event)) {
    throw mistake(`${String(event)} is not an event (expected one of ${EVENTS.join(", ")})`);
  }
  if (typeof listener !== "function") throw mistake("the listener is not a function");
}
