// From the memory of wasm to the caller: replies settle promises, messages go to their subscriptions.

/** @import { Command, Reading, Unknown } from "./internal.js" */
/** @import { Instance } from "./instance.js" */
/** @import { Book } from "./book.js" */

import { RedmuxError } from "./errors.js";
import { KIND } from "./outbox.js";
import { REPLIES } from "./replies.js";
import { looseText, NotText, ReplyReader } from "./reply.js";

export class Delivery {
  #instance;
  #book;
  #reader;

  /**
   * `serverError` makes the instance of an error inside of a reply.
   * @param {Instance} instance
   * @param {Book} book
   * @param {(reply: Uint8Array) => Error} serverError
   */
  constructor(instance, book, serverError) {
    this.#instance = instance;
    this.#book = book;
    this.#reader = new ReplyReader(serverError, () => instance.memory);
  }

  /**
   * Replies came: `count` times the number of the command, place and length.
   * @param {number} places
   * @param {number} count
   */
  replies(places, count) {
    let { memory, words } = this.#instance;
    const start = places >>> 2;
    for (let at = start; at < start + count * 3; at += 3) {
      // Wasm reads an error inside of a reply, and its memory may grow meanwhile.
      if (words.length === 0) ({ memory, words } = this.#instance);
      const entry = /** @type {Command | undefined} */ (this.#book.get(words[at]));
      // Dropped meanwhile; the wasm side says when the number is free.
      if (entry === undefined) continue;
      this.#book.close(entry);
      let value;
      try {
        value = this.#value(memory, words[at + 1], words[at + 2], entry);
      } catch (error) {
        entry.reject(decodeError(error));
        continue;
      }
      entry.resolve(value);
    }
  }

  /**
   * Messages came: `count` times place and length of the payload, and of the channel.
   * @param {number} id
   * @param {number} places
   * @param {number} count
   */
  messages(id, places, count) {
    const entry = this.#book.get(id);
    if (!entry?.subscription) return;
    let { memory, words } = this.#instance;
    const start = places >>> 2;
    const isPattern = entry.kind === KIND.pSubscribe;
    for (let at = start; at < start + count * 4; at += 4) {
      // A listener may have called into wasm, and its memory may have grown.
      if (words.length === 0) ({ memory, words } = this.#instance);
      const from = words[at];
      const to = from + words[at + 1];
      const payload = entry.bytes ? memory.slice(from, to) : looseText(memory, from, to);
      // Only a pattern has more than one channel.
      const channel = isPattern ? looseText(memory, words[at + 2], words[at + 2] + words[at + 3]) : entry.name;
      entry.subscription.push({ channel, payload, pattern: isPattern ? entry.name : null }, words[at + 1] + words[at + 3]);
    }
  }

  /**
   * The value of one reply of a transaction, or the error in its place.
   * @param {Uint8Array | Error} item
   * @param {Reading} command
   */
  item(item, command) {
    if (item instanceof Error) return item;
    try {
      return this.#value(item, 0, item.length, command);
    } catch (error) {
      return decodeError(error);
    }
  }

  /**
   * @param {Uint8Array} memory
   * @param {number} at
   * @param {number} length
   * @param {Reading} reading
   */
  #value(memory, at, length, { bytes, bigint, shape }) {
    /** @type {Unknown} */
    const value =
      shape === REPLIES.object && !bytes
        ? this.#reader.readObject(memory, at, length, bigint)
        : this.#reader.read(memory, at, length, bytes, bigint, shape?.text);
    return shape === undefined || (value === null && !shape.nulls) ? value : shape(value, bytes);
  }
}

/** @param {unknown} error */
function decodeError(error) {
  if (!(error instanceof NotText)) return error;
  return new RedmuxError(error.message, { kind: "decode", delivery: "answered" });
}
