// Events. What a listener throws never reaches the client.

/** @import { EventName, Listener, Unknown } from "./internal.js" */

import { mistake, report } from "./errors.js";
import { Waiting } from "./waiting.js";

/**
 * Every event, in the order of the documentation.
 * @type {readonly EventName[]}
 */
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

/** Number of events that wait for a slow reader before the oldest are dropped. */
const CAPACITY = 256;
/** Estimated bytes of an event. */
const SIZE = 200;

export class Hub {
  #known;
  /** @type {Map<string, { listener: Listener, once: boolean }[]>} */
  #listeners = new Map();
  /** @type {SafeTarget | null} */
  #target = null;
  /** @type {Set<Waiting>} */
  #iterators = new Set();
  #ended = false;

  /** @param {readonly string[]} [known] The events that there are. */
  constructor(known = EVENTS) {
    this.#known = known;
  }

  /**
   * @param {string} event
   * @param {Listener} listener
   */
  on(event, listener) {
    check(event, listener, this.#known);
    const list = this.#listeners.get(event) ?? [];
    // A new list each time: `emit` may be going through the old one.
    this.#listeners.set(event, [...list, { listener, once: false }]);
  }

  /**
   * @param {string} event
   * @param {Listener} listener
   */
  once(event, listener) {
    check(event, listener, this.#known);
    const list = this.#listeners.get(event) ?? [];
    this.#listeners.set(event, [...list, { listener, once: true }]);
  }

  /**
   * Removes the listener; of several equal ones, the one that was added first.
   * @param {string} event
   * @param {Listener} listener
   */
  off(event, listener) {
    check(event, listener, this.#known);
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

  /** Ends all iterators; no more events come. */
  end() {
    this.#ended = true;
    for (const waiting of this.#iterators) waiting.end();
    this.#iterators.clear();
    this.#listeners.clear();
  }

  /**
   * @param {EventName} event
   * @param {object} payload
   */
  emit(event, payload) {
    if (this.#ended) return;
    for (const waiting of this.#iterators) waiting.push({ type: event, detail: payload }, SIZE);
    this.#target?.dispatchEvent(new CustomEvent(event, { detail: payload }));
    this.tell(event, payload);
  }

  /**
   * Calls the listeners of an event.
   * @param {string} event
   * @param {unknown} payload
   */
  tell(event, payload) {
    for (const { listener, once } of this.#listeners.get(event) ?? []) {
      if (once) this.off(event, listener);
      this.call(event, listener, payload);
    }
  }

  /**
   * Calls a listener of `origin`; what it throws, or rejects with, is reported and goes no further.
   * @template T
   * @param {string} origin
   * @param {(payload: T) => Unknown} listener
   * @param {T} payload
   */
  call(origin, listener, payload) {
    try {
      const result = listener(payload);
      if (typeof result?.then === "function") result.then(undefined, (/** @type {unknown} */ error) => this.report(origin, error));
    } catch (error) {
      this.report(origin, error);
    }
  }

  /**
   * Reports that code of the program has thrown where no caller can catch it.
   * @param {string} origin
   * @param {unknown} error
   */
  report(origin, error) {
    report(error);
    // A listener of this event that throws is not called again about that.
    if (origin === "listenerError") return;
    this.emit("listenerError", { origin, error, message: `a listener threw: ${origin}` });
  }
}

/** An `EventTarget` whose listeners may throw: in most runtimes that would end the process. */
class SafeTarget extends EventTarget {
  #hub;
  /** @type {WeakMap<object, (event: Event) => void>} */
  #safe = new WeakMap();

  /** @param {Hub} hub */
  constructor(hub) {
    super();
    this.#hub = hub;
  }

  /**
   * @param {string} type
   * @param {Unknown} listener
   * @param {boolean | AddEventListenerOptions} [options]
   */
  addEventListener(type, listener, options) {
    super.addEventListener(type, this.#guarded(listener), options);
  }

  /**
   * @param {string} type
   * @param {Unknown} listener
   * @param {boolean | EventListenerOptions} [options]
   */
  removeEventListener(type, listener, options) {
    super.removeEventListener(type, this.#safe.get(listener) ?? listener, options);
  }

  /** @param {Unknown} listener */
  #guarded(listener) {
    if (typeof listener !== "function" && typeof listener?.handleEvent !== "function") return listener;
    let safe = this.#safe.get(listener);
    if (!safe) {
      const act = (/** @type {Event} */ event) => (typeof listener === "function" ? listener.call(this, event) : listener.handleEvent(event));
      safe = (/** @type {Event} */ event) => this.#hub.call(event.type, act, event);
      this.#safe.set(listener, safe);
    }
    return safe;
  }
}

/**
 * @template T
 * @param {T[]} list
 * @param {number} index
 */
function without(list, index) {
  return list.filter((_, i) => i !== index);
}

/**
 * @param {string} event
 * @param {unknown} listener
 * @param {readonly string[]} known
 */
function check(event, listener, known) {
  if (!known.includes(event)) {
    throw mistake(`${String(event)} is not an event (expected one of ${known.join(", ")})`);
  }
  if (typeof listener !== "function") throw mistake("the listener is not a function");
}
