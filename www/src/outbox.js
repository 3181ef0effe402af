// What was issued, on its way into wasm: everything of one turn of the event loop in one buffer, in order, which
// crosses once. www/wasm/src/batch.rs describes the layout.

import { mistake } from "./errors.js";
import { describe } from "./values.js";

const encoder = new TextEncoder();
const BYTES = 16 << 10;
const HEADS = 1024;
/** Larger buffers are freed after use, so that one large value does not hold its memory. */
const KEEP = 2 << 20;

/** What an entry asks for: the same numbers as `Kind` in www/wasm/src/batch.rs. */
export const KIND = Object.freeze({ command: 0, cached: 1, transaction: 2, subscribe: 3, pSubscribe: 4, sSubscribe: 5, cancel: 6, select: 7 });

/** In place of the number of a name: the first word is the name. */
export const NO_NAME = 0xffffffff;
const LONGEST_NAME = 32;
const NO_LIMIT = 0xffffffff;

export class Outbox {
  /** @type {Uint8Array} */
  #bytes;
  /** @type {Uint32Array} */
  #heads;
  #used = 0;
  #count = 0;
  /** The database of the entries that follow: its index, or `undefined` for that of the options. @type {number | undefined} */
  #database = undefined;

  /** Makes an outbox with room for this number of bytes, and for as many entries as these usually hold. */
  constructor(room = BYTES) {
    this.#bytes = new Uint8Array(room);
    this.#heads = new Uint32Array(room / (BYTES / HEADS));
  }

  get isEmpty() {
    return this.#count === 0;
  }

  /** What is added from now on is for this database. @param {number | undefined} index */
  select(index) {
    if (index === this.#database) return;
    this.entry(KIND.select, 0, index === undefined ? 0 : index + 1);
    this.#database = index;
  }

  /**
   * Adds a command; `kind` is `KIND.command` or `KIND.cached`. `words` are its arguments, arrays among them
   * element by element; `time` is in milliseconds, `undefined` for the default.
   *
   * Throws a TypeError that names the position of a bad argument, never its value; then nothing was added.
   * @param {number} id
   * @param {(name: string) => number} names
   * @param {string} name
   * @param {number | undefined} time
   * @param {number} kind
   * @param {ArrayLike<unknown>} words
   */
  add(id, names, name, time, kind, words) {
    const head = this.#count;
    const start = this.#used;
    if (head + 6 > this.#heads.length) this.#moreHeads(6);
    this.#count = head + 5;
    try {
      const known = name.length <= LONGEST_NAME ? names(name) : NO_NAME;
      if (known === NO_NAME) this.#word(name, 0);
      for (let index = 0; index < words.length; index++) this.#word(words[index], index + 1);
      const heads = this.#heads;
      heads[head] = id;
      heads[head + 1] = known;
      heads[head + 2] = packTime(time);
      heads[head + 3] = kind;
      heads[head + 4] = this.#count - head - 5;
    } catch (error) {
      this.#count = head;
      this.#used = start;
      throw error;
    }
  }

  /**
   * Adds an entry of another kind; `number` is in the place of the number of a command's name.
   * @param {number} kind
   * @param {number} id
   * @param {number} [number]
   * @param {number} [time]
   * @param {Uint8Array} [bytes]
   */
  entry(kind, id, number = 0, time = undefined, bytes = undefined) {
    const head = this.#count;
    if (head + 6 > this.#heads.length) this.#moreHeads(6);
    this.#count = head + 5;
    if (bytes !== undefined) this.#word(bytes, 0);
    this.#heads.set([id, number, packTime(time), kind, this.#count - head - 5], head);
  }

  /** Marks a place: `undo` takes back what is added after it. @returns {[count: number, used: number]} */
  mark() {
    return [this.#count, this.#used];
  }

  /** @param {[count: number, used: number]} mark */
  undo([count, used]) {
    this.#count = count;
    this.#used = used;
  }

  /** The bytes of one value, without a command. @param {unknown} value */
  static bytesOf(value) {
    const outbox = new Outbox();
    outbox.#word(value, 0);
    return outbox.#bytes.slice(0, outbox.#used);
  }

  /**
   * Hands what was added to `send(heads, bytes)`, which keeps neither; returns what `send` returns.
   * @template T
   * @param {(heads: Uint32Array, bytes: Uint8Array) => T} send
   * @returns {T}
   */
  flush(send) {
    const heads = this.#heads.subarray(0, this.#count);
    const bytes = this.#bytes.subarray(0, this.#used);
    this.#count = 0;
    this.#used = 0;
    this.#database = undefined;
    try {
      return send(heads, bytes);
    } finally {
      if (this.#bytes.length > KEEP) this.#bytes = new Uint8Array(BYTES);
      if (this.#heads.length > KEEP) this.#heads = new Uint32Array(HEADS);
    }
  }

  /**
   * @param {unknown} word
   * @param {number} index
   */
  #word(word, index) {
    if (Array.isArray(word)) {
      for (const item of word) this.#word(item, index++);
      return;
    }
    const start = this.#used;
    if (typeof word === "string") this.#text(word, index);
    else this.#value(word, index);
    if (this.#count === this.#heads.length) this.#moreHeads(1);
    this.#heads[this.#count++] = this.#used - start;
  }

  /**
   * @param {unknown} value
   * @param {number} index
   */
  #value(value, index) {
    switch (typeof value) {
      case "number":
        if (Number.isNaN(value)) throw bad(index, "is NaN");
        if (!Number.isFinite(value)) return this.#text(value > 0 ? "inf" : "-inf", index);
        return this.#text(String(value), index);
      case "bigint":
        return this.#text(String(value), index);
      case "object":
        if (value instanceof Uint8Array) return this.#raw(value);
        if (value instanceof ArrayBuffer) return this.#raw(new Uint8Array(value));
        if (ArrayBuffer.isView(value)) {
          return this.#raw(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
        }
    }
    throw bad(index, `is ${describe(value)}`);
  }

  /** @param {Uint8Array} bytes */
  #raw(bytes) {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  /**
   * @param {string} text
   * @param {number} index
   */
  #text(text, index) {
    const length = text.length;
    // Enough if the text is ASCII.
    this.#reserve(length);
    if (length <= 64) {
      const at = this.#used;
      // Nearly every argument is short ASCII, which is faster without the encoder.
      const bytes = this.#bytes;
      let i = 0;
      for (; i < length; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 0x7f) break;
        bytes[at + i] = unit;
      }
      if (i === length) {
        this.#used = at + length;
        return;
      }
    }
    if (text.isWellFormed?.() === false) {
      throw bad(index, "holds half of a surrogate pair, which UTF-8 cannot hold; send bytes instead");
    }
    const { read, written } = encoder.encodeInto(text, this.#bytes.subarray(this.#used));
    this.#used += written;
    if (read === length) return;
    this.#reserve((length - read) * 3);
    this.#used += encoder.encodeInto(text.slice(read), this.#bytes.subarray(this.#used)).written;
  }

  /** @param {number} more */
  #reserve(more) {
    const wanted = this.#used + more;
    if (wanted <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(wanted, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = larger;
  }

  /** @param {number} more */
  #moreHeads(more) {
    const larger = new Uint32Array(Math.max(this.#count + more, this.#heads.length * 2));
    larger.set(this.#heads);
    this.#heads = larger;
  }
}

/** @param {number | undefined} time */
function packTime(time) {
  return time === undefined ? 0 : time >= NO_LIMIT ? NO_LIMIT : Math.ceil(time);
}

/**
 * @param {number} index
 * @param {string} why
 */
function bad(index, why) {
  return mistake(`argument ${index} ${why} (expected string, number, bigint, Uint8Array or ArrayBuffer)`);
}
