// How a client or a view gives replies: texts as strings or Buffers, sets and maps in the shapes that a program wants, numbers
// with all their digits. It is done here, so that a client without such options pays nothing.

/** @import { GivenOptions, ReadText, Shape, Spec, Unknown } from "../internal.js" */
/** @import { Replies as Given } from "../server.js" */
/** @typedef {"mixed" | "number" | "bigint" | "string"} Integers */

import { COMMANDS } from "../commands.js";
import { BAD_CONFIG, mistake } from "../errors.js";
import { pairsOf, REPLIES, toText } from "../replies.js";
import { looseText } from "../reply.js";
import { describe, isPlain } from "../values.js";
import { lossyText, textOrBytes } from "./texts.js";

/** @type {Record<string, readonly string[]>} The first is the default, but for integers, which have none of these. */
const CHOICES = {
  text: ["string", "bytes", "buffer"],
  invalidText: ["error", "replace", "bytes"],
  sets: ["set", "array"],
  maps: ["object", "map", "pairs"],
  integers: ["number", "bigint", "string"],
  doubles: ["number", "string"],
};

/** The commands whose replies are given in other ways; modules have options of their own. @type {WeakSet<object>} */
const OWN = new WeakSet(COMMANDS);

/** The shape of a key, a member and a score. @type {Shape} */
export const popped = ([key, value, score]) => ({ key, value, score: REPLIES.number(score) });
/** The shape of a key and an element. @type {Shape} */
export const element = ([key, element]) => ({ key, element });

/** Shapes of replies that hold texts of programs. Descriptions by the server are strings in all clients. @type {Set<unknown>} */
const TEXTS = new Set([
  ...["claimed", "elements", "entries", "keysAndFlags", "logged", "links", "members", "object", "pairs", "places", "scan", "scanEntries", "scanScored"],
  ...["scored", "set", "similar", "stream", "streams", "texts"],
].map((name) => /** @type {Unknown} */ (REPLIES)[name]));
TEXTS.add(popped).add(element);

/** Shapes of replies with numbers that may have a fraction. All others in them are `bigint`s when these are read. @type {Set<unknown>} */
const DOUBLES = new Set(
  ["number", "numbers", "increment", "links", "members", "places", "positions", "rank", "scanScored", "scored", "similar"].map((name) => /** @type {Unknown} */ (REPLIES)[name]),
);
DOUBLES.add(popped);

/** Shapes with maps whose names are data, such as fields of a hash. @type {Set<unknown>} */
const MAPS = new Set(["claimed", "entries", "object", "stream", "streams"].map((name) => /** @type {Unknown} */ (REPLIES)[name]));

/** Fields in their final form, which no shape takes for fields that are to be read. */
class Made {
  /** @param {unknown} value */
  constructor(value) {
    this.value = value;
  }
}

/** Has the replies of this command given as clients and views say. @param {Spec} spec */
export function own(spec) {
  OWN.add(spec);
}

export class Replies {
  /** @type {Record<string, string>} What the program said, checked. */
  #given;
  #text;
  /** What reads texts, unless the default does. @type {ReadText | undefined} */
  #reader;
  /** @type {Integers} */
  #integers;
  /** @type {Map<string, Map<Shape | undefined, Shape | undefined>>} */
  #shapes = new Map();

  /**
   * @param {string} what How errors name the options.
   * @param {Unknown} given
   * @param {boolean} bigint Whether all integers are `bigint`s unless the options say otherwise.
   */
  constructor(what, given, bigint) {
    if (!isPlain(given)) throw mistake(`${what}: ${describe(given)} (expected an object of ${Object.keys(CHOICES).join(", ")})`, BAD_CONFIG);
    const said = Object.entries(given).filter(([, value]) => value !== undefined);
    for (const [name, value] of said) {
      const choices = Object.hasOwn(CHOICES, name) ? CHOICES[name] : null;
      if (!choices) throw mistake(`${what}: ${name} is not an option (expected one of ${Object.keys(CHOICES).join(", ")})`, BAD_CONFIG);
      if (!choices.includes(value)) throw mistake(`${what}: ${name}: expected one of ${choices.join(", ")}`, BAD_CONFIG);
    }
    this.#given = Object.fromEntries(said);
    const { text = "string", invalidText = "error", integers = bigint ? "bigint" : "mixed" } = this.#given;
    if (text === "buffer" && !globalThis.Buffer) throw mistake(`${what}: text: this runtime has no Buffer (expected string or bytes)`, BAD_CONFIG);
    this.#text = text;
    this.#integers = /** @type {Integers} */ (integers);
    this.#reader = invalidText === "error" ? undefined : invalidText === "replace" ? lossyText : textOrBytes;
  }

  /** One key, as a scan over several servers gives it. @param {Uint8Array} name @param {boolean | undefined} bytes As in the options of a call. */
  key(name, bytes) {
    if (bytes ?? this.#text !== "string") return this.#text === "buffer" ? toBuffers(name) : name;
    return this.#reader === textOrBytes ? textOrBytes(name, 0, name.length) : looseText(name, 0, name.length);
  }

  /** What the program said. @returns {Given} */
  get given() {
    return /** @type {Unknown} */ (this.#given);
  }

  /**
   * How the reply of a command is read. Options of the call take precedence.
   * @param {Pick<Spec, "shape" | "binary">} spec
   * @param {GivenOptions} options
   * @returns {{ options: GivenOptions, shape: Shape | undefined }}
   */
  reading(spec, options) {
    const { shape, binary } = spec;
    // `send` has no row in a table.
    const isOwn = spec === ANY || OWN.has(spec);
    const integers = options.bigint === undefined ? this.#integers : options.bigint ? "bigint" : "mixed";
    if (!isOwn) return { options: { ...options, bigint: integers === "bigint" }, shape };
    const hasText = shape === undefined || binary || TEXTS.has(shape);
    const bytes = binary || (options.bytes ?? (hasText && this.#text !== "string"));
    const isExact = this.#given.doubles === "string" && (shape === undefined || DOUBLES.has(shape));
    const bigint = isExact || integers === "bigint" || integers === "string";
    return { options: { ...options, bytes, bigint }, shape: this.#shape(shape, bytes, integers, isExact, hasText) };
  }

  /**
   * @param {Shape | undefined} shape
   * @param {boolean} bytes
   * @param {Integers} integers
   * @param {boolean} isExact
   * @param {boolean} hasText
   */
  #shape(shape, bytes, integers, isExact, hasText) {
    const name = `${bytes} ${integers}`;
    let made = this.#shapes.get(name);
    if (!made) this.#shapes.set(name, (made = new Map()));
    if (!made.has(shape)) made.set(shape, this.#make(shape, bytes, integers, isExact, hasText));
    return made.get(shape);
  }

  /**
   * @param {Shape | undefined} shape
   * @param {boolean} bytes
   * @param {Integers} integers
   * @param {boolean} isExact
   * @param {boolean} hasText
   * @returns {Shape | undefined}
   */
  #make(shape, bytes, integers, isExact, hasText) {
    const { sets, maps } = this.#given;
    const isBuffer = bytes && this.#text === "buffer";
    const isMap = MAPS.has(shape) && (maps === "map" || maps === "pairs" || this.#reader !== undefined);
    const isAny = shape === undefined;
    const convert = converter(integers, isExact, sets === "array", isAny ? maps : undefined);
    const converts = convert !== same && (isAny || integers === "string" || integers === "number" || isExact || sets === "array");
    // What cannot hold bytes in place of a text has replaced letters.
    const reader = hasText || !this.#reader ? this.#reader : lossyText;
    if (!isBuffer && !isMap && !converts && !reader) return shape;
    /** @type {Shape} */
    const whole = (reply) => {
      const raw = isBuffer ? toBuffers(reply) : reply;
      const value = isAny || (raw === null && !shape.nulls) ? raw : isExact && isBare(shape) ? bare(shape, raw) : isMap ? this.#mapped(shape, raw, bytes) : shape(raw, bytes);
      return converts ? convert(value) : value;
    };
    // `send` returns null as it is anyway.
    if (shape?.nulls) whole.nulls = true;
    const text = reader ?? shape?.text;
    if (text) whole.text = text;
    return whole;
  }

  /** @param {Shape} shape @param {Unknown} raw @param {boolean} bytes @returns {Unknown} */
  #mapped(shape, raw, bytes) {
    const entries = (/** @type {Unknown} */ list) => opened(REPLIES.entries(this.#held(list)));
    switch (shape) {
      case REPLIES.object:
        return this.#build(pairsOf(raw));
      case REPLIES.streams:
        return this.#build(pairsOf(raw).map(([stream, list]) => [stream, entries(list)]));
      case REPLIES.entries:
        return entries(raw);
      case REPLIES.claimed: {
        const claimed = /** @type {Unknown} */ (REPLIES.claimed([raw[0], this.#held(raw[1]), raw[2]]));
        opened(claimed.entries);
        return claimed;
      }
    }
    // A description of a stream, with entries in it.
    const described = /** @type {Unknown} */ (shape(raw, bytes));
    for (const entry of [described.firstEntry, described.lastEntry, ...(described.entries ?? [])]) {
      if (entry?.fields) entry.fields = this.#build(Object.entries(entry.fields));
    }
    return described;
  }

  /** Entries of a stream whose fields are made. @param {Unknown[]} entries */
  #held(entries) {
    return entries.map((entry) => entry && [entry[0], entry[1] && new Made(this.#build(pairsOf(entry[1]))), ...entry.slice(2)]);
  }

  /** @param {Unknown[][]} pairs */
  #build(pairs) {
    if (this.#given.maps === "pairs") return pairs;
    const named = pairs.map(([name, value]) => [this.#reader ? looseName(name) : toText(name), value]);
    return this.#given.maps === "map" ? new Map(/** @type {Unknown} */ (named)) : objectOf(named);
  }
}

/** What `send` is read like. @type {Pick<Spec, "shape" | "binary">} */
export const ANY = Object.freeze({ shape: undefined, binary: false });

/** @param {Unknown[]} entries */
function opened(entries) {
  for (const entry of entries) if (entry.fields instanceof Made) entry.fields = entry.fields.value;
  return entries;
}

/** Without prototype, as everywhere. @param {Unknown[][]} pairs */
function objectOf(pairs) {
  /** @type {Unknown} */
  const object = Object.create(null);
  for (const [name, value] of pairs) object[name] = value;
  return object;
}

/** Replies that are a number or two, which over RESP2 are texts with digits that a number does not have. @param {Shape} shape */
function isBare(shape) {
  return shape === REPLIES.number || shape === REPLIES.numbers || shape === REPLIES.increment;
}

/** @param {Shape} shape @param {Unknown} raw */
function bare(shape, raw) {
  const read = (/** @type {Unknown} */ item) => (item instanceof Uint8Array ? looseText(item, 0, item.length) : item);
  if (shape === REPLIES.number) return read(raw);
  const items = raw.map(read);
  return shape === REPLIES.numbers ? items : { value: items[0], added: items[1] };
}

/** @param {Unknown} name */
function looseName(name) {
  return name instanceof Uint8Array ? looseText(name, 0, name.length) : toText(name);
}

/**
 * With Buffers in place of bytes, over the same memory.
 * @param {Unknown} value
 * @returns {Unknown}
 */
function toBuffers(value) {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) value[at] = toBuffers(value[at]);
    return value;
  }
  if (value instanceof Set) return new Set([...value].map(toBuffers));
  if (value instanceof Map) return new Map([...value].map(([name, one]) => [toBuffers(name), toBuffers(one)]));
  return value;
}

/** @param {Unknown} value @returns {Unknown} */
function same(value) {
  return value;
}

/**
 * What a value of a reply becomes. Where `isExact`, all numbers in it may have fractions, and integers are `bigint`s.
 * @param {Integers} integers
 * @param {boolean} isExact
 * @param {boolean} isArray Whether sets become arrays.
 * @param {string | undefined} maps
 * @returns {(value: Unknown) => Unknown}
 */
function converter(integers, isExact, isArray, maps) {
  if (!isExact && !isArray && (integers === "mixed" || integers === "bigint") && (maps === undefined || maps === "map")) return same;
  const toInteger = {
    mixed: (/** @type {bigint} */ value) => (isExact && isSafe(value) ? Number(value) : value),
    number: Number,
    bigint: same,
    string: String,
  }[integers];
  return /** @param {Unknown} value @returns {Unknown} */ function convert(value) {
    if (typeof value === "bigint") return toInteger(value);
    if (typeof value === "number") return isExact ? toDouble(value) : value;
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
    if (Array.isArray(value)) {
      for (let at = 0; at < value.length; at++) value[at] = convert(value[at]);
      return value;
    }
    if (value instanceof Set) {
      const members = [...value].map(convert);
      return isArray ? members : new Set(members);
    }
    if (value instanceof Map) {
      const pairs = [...value].map(([name, one]) => [convert(name), convert(one)]);
      if (maps === "pairs") return pairs;
      return maps === "object" ? objectOf(pairs.map(([name, one]) => [typeof name === "object" ? looseName(name) : String(name), one])) : new Map(/** @type {Unknown} */ (pairs));
    }
    if (isPlain(value)) for (const name of Object.keys(value)) value[name] = convert(value[name]);
    return value;
  };
}

/** @param {bigint} value */
function isSafe(value) {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
}

/** As servers write it. @param {number} value */
function toDouble(value) {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}
