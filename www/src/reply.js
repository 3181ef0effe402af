// Reads whole RESP2 and RESP3 replies into JavaScript values. The wasm side has found their ends and checked their
// form.

/** @import { ReadText, Unknown } from "./internal.js" */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
/** @type {Unknown} Runtimes differ in their globals. */
const { Buffer, process } = globalThis;
/** Methods that read texts faster than a decoder: Node, Bun and Deno have them. */
const latin1 = Buffer?.prototype?.latin1Slice;
const utf8 = latin1 && Buffer.prototype.utf8Slice;
const isAscii = latin1 && process?.getBuiltinModule?.("node:buffer")?.isAscii;

/**
 * Texts of one list or map are cut out of strings of this many bytes, which costs a fraction of making each. A caller
 * that keeps one text keeps no more than such a string.
 */
const REGION = 1024;
/** Shorter replies are not worth cutting; longer texts are made one by one. */
const LEAST_CUT = 64;
const LONGEST_CUT = 256;

/** Texts up to `SHORT` bytes are checked byte by byte; up to `MIDDLE`, by looking for replacement characters. */
const SHORT = 16;
const MIDDLE = 256;

const NONE = new Uint8Array();
const MINUS = 45;
const ZERO = 48;

/** The reply cannot be returned: a text in it is not UTF-8. */
export class NotText extends Error {}

/**
 * Reads one reply after another from a memory. `serverError(bytes)` makes the instance of an
 * error inside of a reply; if the memory grows meanwhile, the view of it is empty and `again()`
 * returns another.
 */
export class ReplyReader {
  #serverError;
  #again;
  /** @type {Uint8Array} */
  #memory = NONE;
  #at = 0;
  #bytes = false;
  #bigint = false;
  /** @type {ReadText} */
  #text = text;
  /** Where the reply ends, and whether its texts are cut out of regions: only while all seen bytes are ASCII. */
  #end = 0;
  #cut = false;
  /** The text of a region, and where it begins and ends. */
  #region = "";
  #from = 0;
  #to = 0;

  /**
   * @param {(reply: Uint8Array) => Error} serverError
   * @param {() => Uint8Array} again
   */
  constructor(serverError, again) {
    this.#serverError = serverError;
    this.#again = again;
  }

  /**
   * The value of the reply of `length` bytes that begins at `at`. `bytes`: texts become bytes; `bigint`: all
   * integers become `bigint`s; `own`: what reads texts otherwise. Throws `NotText`.
   * @param {Uint8Array} memory
   * @param {number} at
   * @param {number} length
   * @param {boolean} bytes
   * @param {boolean} bigint
   * @param {ReadText} [own]
   */
  read(memory, at, length, bytes, bigint, own = text) {
    this.#begin(memory, at, length, bytes, bigint);
    this.#text = own;
    return this.#value();
  }

  /**
   * As `read`, but a map of texts becomes an object without prototype.
   * @param {Uint8Array} memory
   * @param {number} at
   * @param {number} length
   * @param {boolean} bigint
   */
  readObject(memory, at, length, bigint) {
    this.#begin(memory, at, length, false, bigint);
    this.#text = text;
    return memory[at] === 37 ? this.#object(at) : this.#value();
  }

  /**
   * @param {Uint8Array} memory
   * @param {number} at
   * @param {number} length
   * @param {boolean} bytes
   * @param {boolean} bigint
   */
  #begin(memory, at, length, bytes, bigint) {
    this.#memory = memory;
    this.#at = at;
    this.#bytes = bytes;
    this.#bigint = bigint;
    this.#end = at + length;
    this.#to = 0;
    const kind = memory[at];
    this.#cut = !bytes && (kind === 42 || kind === 37 || kind === 126) && length > LEAST_CUT;
    if (this.#cut && isAscii) this.#cut = isAscii(memory.subarray(at, this.#end));
  }

  /** @returns {unknown} */
  #value() {
    const memory = this.#memory;
    const start = this.#at;
    switch (memory[this.#at++]) {
      case 36: // $
        return this.#bulk(this.#bytes);
      case 43: // +
        return this.#simple();
      case 58: // :
        return this.#integer();
      case 95: // _
        this.#at += 2;
        return null;
      case 42: // *
      case 62: // >
        return this.#array();
      case 37: // %
        return this.#map();
      case 126: // ~
        return new Set(this.#array());
      case 44: // ,
        return toNumber(this.#line());
      case 35: // #
        this.#at += 3;
        return memory[this.#at - 3] === 116;
      case 40: // (
        return BigInt(this.#line());
      case 61: { // =
        /** @type {Unknown} */
        const text = this.#bulk(this.#bytes);
        return this.#bytes ? text.subarray(4) : text.slice(4);
      }
      case 45: // -
        this.#line();
        return this.#error(start);
      case 33: // !
        this.#bulk(true);
        return this.#error(start);
      case 124: // |
        this.#map();
        return this.#value();
      default:
        throw new NotText("the reply has an unknown type");
    }
  }

  /** @param {number} start */
  #error(start) {
    const error = this.#serverError(this.#memory.slice(start, this.#at));
    if (this.#memory.length === 0) this.#memory = this.#again();
    return error;
  }

  /** The number of a header; NaN for `?`. */
  #length() {
    const memory = this.#memory;
    let at = this.#at;
    let value = 0;
    let sign = 1;
    if (memory[at] === MINUS) {
      sign = -1;
      at++;
    } else if (memory[at] === 63) {
      this.#at = at + 3;
      return NaN;
    }
    for (let byte = memory[at]; byte !== 13; byte = memory[++at]) value = value * 10 + (byte - ZERO);
    this.#at = at + 2;
    return sign * value;
  }

  #integer() {
    const memory = this.#memory;
    const start = this.#at;
    if (!this.#bigint) {
      let at = start;
      const negative = memory[at] === MINUS;
      if (negative || memory[at] === 43) at++;
      let value = 0;
      for (let byte = memory[at]; byte !== 13; byte = memory[++at]) value = value * 10 + (byte - ZERO);
      if (value <= Number.MAX_SAFE_INTEGER) {
        this.#at = at + 2;
        return negative && value !== 0 ? -value : value;
      }
    }
    return BigInt(this.#line());
  }

  /** ASCII up to the end of the line. */
  #line() {
    const end = this.#memory.indexOf(13, this.#at);
    const text = lenient.decode(this.#memory.subarray(this.#at, end));
    this.#at = end + 2;
    return text;
  }

  #simple() {
    const memory = this.#memory;
    const at = this.#at;
    if (memory[at] === 79 && memory[at + 1] === 75 && memory[at + 2] === 13) {
      this.#at = at + 4;
      return "OK";
    }
    return this.#line();
  }

  /** @param {boolean} bytes */
  #bulk(bytes) {
    const length = this.#length();
    if (length < 0) return null;
    if (length !== length) return this.#chunks(bytes);
    const start = this.#at;
    const end = start + length;
    this.#at = end + 2;
    if (bytes) return this.#memory.slice(start, end);
    return this.#cut && length <= LONGEST_CUT ? this.#cutOut(start, end) : this.#text(this.#memory, start, end);
  }

  /**
   * @param {number} start
   * @param {number} end
   */
  #cutOut(start, end) {
    if (start < this.#from || end > this.#to) {
      const to = Math.min(start + REGION, this.#end);
      const region = asciiOf(this.#memory, start, to);
      if (region === null) {
        this.#cut = false;
        return this.#text(this.#memory, start, end);
      }
      this.#region = region;
      this.#from = start;
      this.#to = to;
    }
    return this.#region.slice(start - this.#from, end - this.#from);
  }

  /** A streamed string: chunks up to an empty one. @param {boolean} bytes */
  #chunks(bytes) {
    /** @type {number[]} */
    const parts = [];
    for (;;) {
      this.#at++;
      const length = this.#length();
      if (length === 0) break;
      parts.push(...this.#memory.subarray(this.#at, this.#at + length));
      this.#at += length + 2;
    }
    const whole = Uint8Array.from(parts);
    return bytes ? whole : this.#text(whole, 0, whole.length);
  }

  #array() {
    const length = this.#length();
    if (length < 0) return null;
    /** @type {unknown[]} */
    const items = [];
    if (length !== length) {
      while (this.#memory[this.#at] !== 46) items.push(this.#value());
      this.#at += 3;
      return items;
    }
    for (let n = 0; n < length; n++) items.push(this.#value());
    return items;
  }

  /**
   * The map that begins at `start`; a `Map` if a name in it is not a bulk string.
   * @param {number} start
   * @returns {unknown}
   */
  #object(start) {
    this.#at++;
    const length = this.#length();
    /** @type {Unknown} */
    const object = Object.create(null);
    for (let n = 0; n < length; n++) {
      if (this.#memory[this.#at] !== 36) break;
      const name = /** @type {string} */ (this.#value());
      object[name] = this.#value();
    }
    if (this.#at === this.#end) return object;
    this.#at = start;
    return this.#value();
  }

  #map() {
    const length = this.#length();
    const map = new Map();
    const more = () => (length !== length ? this.#memory[this.#at] !== 46 : map.size < length);
    for (let n = 0; length !== length ? more() : n < length; n++) {
      const key = this.#value();
      map.set(key, this.#value());
    }
    if (length !== length) this.#at += 3;
    return map;
  }
}

/**
 * The text in a part of a memory; `null` if it is not ASCII. Where `isAscii` exists, the caller has checked that.
 * @param {Uint8Array} memory
 * @param {number} start
 * @param {number} end
 * @returns {string | null}
 */
function asciiOf(memory, start, end) {
  if (isAscii) return latin1.call(memory, start, end);
  try {
    // A letter beyond ASCII has more bytes than UTF-16 units.
    const region = strict.decode(memory.subarray(start, end));
    return region.length === end - start ? region : null;
  } catch {
    return null;
  }
}

/**
 * The text in a part of a memory. Throws `NotText` if it is not UTF-8.
 * @param {Uint8Array} memory
 * @param {number} start
 * @param {number} end
 * @returns {string}
 */
export function text(memory, start, end) {
  if (latin1 && end - start <= SHORT) {
    let at = start;
    while (at < end && memory[at] < 0x80) at++;
    if (at === end) return latin1.call(memory, start, end);
  } else if (utf8 && end - start <= MIDDLE) {
    const text = utf8.call(memory, start, end);
    // Bytes that are not UTF-8 become this letter, which the text may hold itself.
    if (!text.includes("\ufffd")) return text;
  } else if (isAscii) {
    // Both together are several times faster than a decoder.
    if (isAscii(memory.subarray(start, end))) return latin1.call(memory, start, end);
  } else if (end - start <= 12) {
    let short = "";
    let at = start;
    for (; at < end && memory[at] < 0x80; at++) short += String.fromCharCode(memory[at]);
    if (at === end) return short;
  }
  try {
    return strict.decode(memory.subarray(start, end));
  } catch {
    throw new NotText("the reply holds bytes that are not UTF-8: pass { bytes: true }");
  }
}

/**
 * The text in a part of a memory, as in a message or a list of keys: bytes that are not UTF-8 are replaced.
 * @param {Uint8Array} memory
 * @param {number} start
 * @param {number} end
 * @returns {string}
 */
export function looseText(memory, start, end) {
  if (utf8 && end - start <= MIDDLE) return utf8.call(memory, start, end);
  return lenient.decode(memory.subarray(start, end));
}

/** @param {string} text */
export function toNumber(text) {
  if (text === "inf") return Infinity;
  return text === "-inf" ? -Infinity : Number(text);
}
