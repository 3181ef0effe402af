// Values as bytes, for adapters whose values hold bytes: JSON, and behind it the bytes as they are, instead of Base64.

/** @import { Unknown } from "../internal.js" */

import { buffered } from "./connection.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The parts that JSON has no form for are objects with the member `$`; an object of the program with such a member is one, too. */
const isPlain = (/** @type {Unknown} */ value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** @param {Unknown} value @returns {Uint8Array | null} */
function bytesOf(value) {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? new Uint8Array(value) : null;
}

/** @param {unknown} value */
export function pack(value) {
  /** @type {Uint8Array[]} */
  const parts = [];
  let size = 0;
  const json = JSON.stringify(value, function (key, item) {
    // Buffers have become something else in `item`.
    const raw = this[key];
    const bytes = bytesOf(raw);
    if (bytes) {
      parts.push(bytes);
      size += bytes.length;
      return { $: "bytes", end: size, length: bytes.length };
    }
    if (raw instanceof Map) return { $: "map", entries: [...raw] };
    return isPlain(item) && Object.hasOwn(item, "$") ? { $: "object", entries: Object.entries(item) } : item;
  });
  const head = encoder.encode(json);
  const mark = encoder.encode(`${head.length}:`);
  const packed = new Uint8Array(mark.length + head.length + size);
  packed.set(mark);
  packed.set(head, mark.length);
  let at = mark.length + head.length;
  for (const part of parts) {
    packed.set(part, at);
    at += part.length;
  }
  return packed;
}

/** What `pack` made. Bytes are Buffers, where there are such, and share the memory of `packed`. @param {Uint8Array} packed @returns {Unknown} */
export function unpack(packed) {
  const colon = packed.indexOf(58);
  const from = colon + 1 + Number(decoder.decode(packed.subarray(0, colon)));
  if (colon < 1 || !(from <= packed.length)) throw new Error("it has another format");
  const text = decoder.decode(packed.subarray(colon + 1, from));
  const tail = packed.subarray(from);
  if (!text.includes('"$"')) return JSON.parse(text);
  return JSON.parse(text, (_, item) => {
    if (!isPlain(item) || !Object.hasOwn(item, "$")) return item;
    if (item.$ === "bytes") return buffered(tail.subarray(item.end - item.length, item.end));
    return item.$ === "map" ? new Map(item.entries) : Object.fromEntries(item.entries);
  });
}
