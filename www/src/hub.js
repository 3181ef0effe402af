// Events: named listeners whose exceptions never reach the client.

import { report } from "./errors.js";

/** Every event, in the order of the documentation. */
export const EVENTS = Object.freeze([
  "connectionFailed",
  "connectionRestored",
  "errorMessage",
  "internalError",
  "configurationChanged",
  "configurationChangedBroadcast",
  "hashSlotMoved",
  "serverMaintenance",
  "missed",
]);

/** Events that wait for a slow reader before the oldest are dropped. */
const WAITING = 256;

export class Hub {
  #listeners = new Map();
  #target = null;
  #iterators = new Set();

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
    this.#target ??= new EventTarget();
    return this.#target;
  }

  iterate() {
    const queue = [];
    const waiting = [];
    const iterators = this.#iterators;
    const entry = {
      push(item) {
        if (waiting.length > 0) return waiting.shift()({ done: false, value: item });
        if (queue.length === WAITING) queue.shift();
        queue.push(item);
      },
      end() {
        iterators.delete(entry);
        for (const resolve of waiting.splice(0)) resolve({ done: true, value: undefined });
      },
    };
    iterators.add(entry);
    return {
      async next() {
        if (queue.length > 0) return { done: false, value: queue.shift() };
        if (!iterators.has(entry)) return { done: true, value: undefined };
        return new Promise((resolve) => waiting.push(resolve));
      },
      async return() {
        queue.length = 0;
        entry.end();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** No more events come. */
  end() {
    for (const iterator of [...this.#iterators]) iterator.end();
  }

  emit(event, payload) {
    for (const iterator of [...this.#iterators]) iterator.push({ type: event, detail: payload });
    // The platform reports what its listeners throw.
    if (this.#target) this.#target.dispatchEvent(new CustomEvent(event, { detail: payload }));
    for (const { listener, once } of this.#listeners.get(event) ?? []) {
      if (once) this.off(event, listener);
      call(listener, payload);
    }
  }
}

/** Calls a listener; what it throws, or rejects with, is reported and goes no further. */
export function call(listener, payload) {
  try {
    const result = listener(payload);
    if (typeof result?.then === "function") result.then(undefined, report);
  } catch (error) {
    report(error);
  }
}

function without(list, index) {
  return list.filter((_, i) => i !== index);
}

function check(event, listener) {
  if (!EVENTS.includes(event)) {
    throw new TypeError(`${String(event)} is not an event (expected one of ${EVENTS.join(", ")})`);
  }
  if (typeof listener !== "function") throw new TypeError("the listener is not a function");
}
