// One subscription: a callback, or an async iterator over a bounded queue.

/** @import { Arg, Message } from "./index.js" */
/** @import { Hub } from "./hub.js" */
/** @import { Listener } from "./internal.js" */
/** @typedef {{ cause: string, count: number | null }} Gap */
/**
 * @typedef {object} Parts
 * @property {string} kind
 * @property {Arg} channel
 * @property {Hub} hub
 * @property {Listener | undefined} callback
 * @property {Listener | undefined} onMissed
 * @property {number} capacity
 * @property {number | undefined} mostBytes
 * @property {() => void} stop
 */

import { mistake } from "./errors.js";
import { Waiting } from "./waiting.js";

export class Subscription {
  #hub;
  #callback;
  #onMissed;
  #waiting;
  #stop;
  /** @internal The server has confirmed it. */
  confirmed = false;

  /** @internal Made by `subscribe`, `pSubscribe` and `sSubscribe`. @param {Parts} parts */
  constructor({ kind, channel, hub, callback, onMissed, capacity, mostBytes, stop }) {
    this.kind = kind;
    this.channel = channel;
    this.#hub = hub;
    this.#callback = callback;
    this.#onMissed = onMissed;
    this.#waiting = new Waiting(capacity, mostBytes);
    this.#stop = stop;
  }

  /** Whether messages can still come. */
  get active() {
    return !this.#waiting.ended;
  }

  /** Stops the messages; those that wait in the iterator's queue are dropped. */
  unsubscribe() {
    if (!this.active) return;
    this.#waiting.clear();
    this.finish();
    this.#stop();
  }

  [Symbol.asyncIterator]() {
    if (this.#callback) throw mistake("this subscription has a callback: it cannot be iterated");
    return {
      next: () => this.#next(),
      return: async () => {
        this.unsubscribe();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.unsubscribe();
  }

  #next() {
    const count = this.#waiting.dropped;
    if (count > 0) {
      this.#waiting.dropped = 0;
      this.missed({ cause: "queueFull", count });
    }
    return this.#waiting.next();
  }

  /**
   * @internal A message came; `bytes` is its size on the wire.
   * @param {Message<unknown>} message
   * @param {number} bytes
   */
  push(message, bytes) {
    if (!this.active) return;
    if (this.#callback) this.#hub.call(this.kind, this.#callback, message);
    else this.#waiting.push(message, bytes);
  }

  /** @internal Messages were lost, or may have been. @param {Gap} gap */
  missed(gap) {
    if (this.#onMissed) this.#hub.call("onMissed", this.#onMissed, gap);
    const message = `a subscription missed ${gap.count ?? "an unknown number of"} messages: ${gap.cause}`;
    this.#hub.emit("missed", { ...gap, source: "subscription", channel: this.channel, message });
  }

  /** @internal No more messages come: an iterator ends, or throws the failure. @param {unknown} [failure] */
  finish(failure) {
    this.#waiting.end(failure);
  }
}
