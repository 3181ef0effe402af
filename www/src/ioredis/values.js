// Arguments and replies in the shapes that ioredis has: those of RESP2, texts as strings or as Buffers.

/** @import { Shape, Unknown } from "../internal.js" */

import { lossyText } from "../server/texts.js";
import { ServerError } from "./client.js";
import { translated } from "./errors.js";

/** An argument as text or bytes: whatever is neither becomes text, and nothing becomes an empty one. @param {unknown} value */
export function toWord(value) {
  if (typeof value === "string" || value instanceof Uint8Array) return value;
  if (value === null || value === undefined) return "";
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value;
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) return BigInt(value).toString();
  return String(value);
}

/** Lists among the arguments are arguments. @param {readonly unknown[]} args @returns {unknown[]} */
export function flat(args) {
  for (const arg of args) if (Array.isArray(arg)) return args.flat();
  return [...args];
}

/** @param {Uint8Array} bytes */
export function toBuffer(bytes) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * What a value of the client becomes: `toText` is for texts and statuses, `toInteger` for integers.
 * @param {(value: string | Uint8Array) => unknown} toText
 * @param {(value: number | bigint) => unknown} toInteger
 * @returns {(value: Unknown) => Unknown}
 */
function converter(toText, toInteger) {
  return function convert(value) {
    switch (typeof value) {
      case "string":
        return toText(value);
      case "number":
      case "bigint":
        return toInteger(value);
      case "boolean":
        return value ? 1 : 0;
    }
    if (value === null) return null;
    if (Array.isArray(value)) {
      for (let at = 0; at < value.length; at++) value[at] = convert(value[at]);
      return value;
    }
    if (value instanceof Uint8Array) return toText(value);
    if (value instanceof ServerError) return translated(value);
    // Only over RESP3, which a gateway may speak.
    if (value instanceof Map) return convert([...value].flat());
    if (value instanceof Set) return convert([...value]);
    return value;
  };
}

/** @param {string | Uint8Array} value */
const asText = (value) => (typeof value === "string" ? value : toBuffer(value).toString());
/** @param {string | Uint8Array} value */
const asBuffer = (value) => (typeof value === "string" ? Buffer.from(value) : toBuffer(value));

/** @type {Map<string, { bytes: boolean, shape: Shape }>} */
const readers = new Map();

/**
 * How the reply of a command is read: `encoding` is `"utf8"`, another encoding, or null for Buffers. Like ioredis, this
 * replaces what is not UTF-8, and integers beyond 2⁵³ lose digits unless numbers are texts.
 * @param {BufferEncoding | null | undefined} encoding
 * @param {boolean} stringNumbers
 */
export function readerFor(encoding, stringNumbers) {
  const name = `${encoding} ${stringNumbers}`;
  let reader = readers.get(name);
  if (reader) return reader;
  const text = encoding === "utf8" ? asText : encoding ? (/** @type {string | Uint8Array} */ value) => asBuffer(value).toString(encoding) : asBuffer;
  const shape = /** @type {Shape} */ (converter(text, stringNumbers ? String : Number));
  shape.text = lossyText;
  reader = { bytes: encoding !== "utf8", shape };
  readers.set(name, reader);
  return reader;
}

/** Buffers in a reply as texts, if there is an encoding. @param {Unknown} value @param {BufferEncoding | null} encoding @returns {Unknown} */
export function decoded(value, encoding) {
  if (encoding === null) return value;
  if (Buffer.isBuffer(value)) return value.toString(encoding);
  return Array.isArray(value) ? value.map((item) => decoded(item, encoding)) : value;
}
