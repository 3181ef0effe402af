// One subscription: a callback, or an async iterator over a bounded queue.

import { call } from "./hub.js";

export class Subscription {
  #callback;
  #onMissed;
  #capacity;
  #queue = [];
  #dropped = 0;
  #waiting = [];
  #stop;
  #ended = false;
  /** @internal The server has confirmed it. */
  confirmed = false;

  /** @internal Made by `subscribe`, `pSubscribe` and `sSubscribe`. */
  constructor({ kind, channel, callback, onMissed, capacity, stop }) {
    this.kind = kind;
    this.channel = channel;
    this.#callback = callback;
    this.#onMissed = onMissed;
    this.#capacity = capacity;
    this.#stop = stop;
  }

  /** Whether messages can still come. */
  get active() {
    return !this.#ended;
  }

  /** Stops the messages; what waits in the iterator's queue is dropped. */
  unsubscribe() {
    if (this.#ended) return;
    this.#queue = [];
    this.finish();
    this.#stop();
  }

  [Symbol.asyncIterator]() {
    if (this.#callback) throw new TypeError("this subscription has a callback: it cannot be iterated");
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
    this.#tellDropped();
    const message = this.#queue.shift();
    if (message) return Promise.resolve({ done: false, value: message });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #tellDropped() {
    if (this.#dropped === 0) return;
    const count = this.#dropped;
    this.#dropped = 0;
    this.missed({ cause: "queueFull", count });
  }

  /** @internal A message came. */
  push(message) {
    if (this.#ended) return;
    if (this.#callback) return call(this.#callback, message);
    const resolve = this.#waiting.shift();
    if (resolve) return resolve({ done: false, value: message });
    if (this.#queue.length >= this.#capacity) {
      this.#queue.shift();
      this.#dropped += 1;
    }
    this.#queue.push(message);
  }

  /** @internal Messages were lost, or may have been. */
  missed(gap) {
    this.#onMissed(gap);
  }

  /** @internal No more messages will come. */
  finish() {
    this.#ended = true;
    for (const resolve of this.#waiting.splice(0)) resolve({ done: true, value: undefined });
  }
}
