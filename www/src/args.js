// Arguments: what is accepted, and how a command crosses into wasm: all arguments in one
// buffer, and the length of each.

const encoder = new TextEncoder();
const SCRATCH = 4096;
let scratch = new Uint8Array(SCRATCH);

/**
 * Packs the words of a command. The views are valid until the next call.
 * Throws a TypeError that names the position of a bad argument, never its value.
 */
export function pack(words) {
  const lengths = new Uint32Array(words.length);
  let end = 0;
  for (let index = 0; index < words.length; index++) {
    const start = end;
    const word = words[index];
    end = typeof word === "string" ? putText(word, end, index) : putValue(word, end, index);
    lengths[index] = end - start;
  }
  const bytes = scratch.subarray(0, end);
  // A large value must not hold its memory for good.
  if (scratch.length > 1 << 20) scratch = new Uint8Array(SCRATCH);
  return { bytes, lengths };
}

function putValue(value, at, index) {
  switch (typeof value) {
    case "number":
      if (Number.isNaN(value)) throw bad(index, "is NaN");
      if (!Number.isFinite(value)) return putText(value > 0 ? "inf" : "-inf", at, index);
      return putText(String(value), at, index);
    case "bigint":
      return putText(String(value), at, index);
    case "object":
      if (value instanceof ArrayBuffer) return putBytes(new Uint8Array(value), at);
      if (ArrayBuffer.isView(value)) {
        return putBytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), at);
      }
  }
  throw bad(index, `is ${describe(value)}`);
}

function putBytes(bytes, at) {
  reserve(at, bytes.length);
  scratch.set(bytes, at);
  return at + bytes.length;
}

function putText(text, at, index) {
  const length = text.length;
  reserve(at, length * 3);
  if (length <= 32) {
    // Short ASCII, nearly every argument, is faster without the encoder.
    let i = 0;
    for (; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) break;
      scratch[at + i] = unit;
    }
    if (i === length) return at + length;
  }
  if (text.isWellFormed?.() === false) {
    throw bad(index, "holds half of a surrogate pair, which UTF-8 cannot hold; send bytes instead");
  }
  return at + encoder.encodeInto(text, scratch.subarray(at)).written;
}

function reserve(at, more) {
  if (at + more <= scratch.length) return;
  const larger = new Uint8Array(Math.max(at + more, scratch.length * 2));
  larger.set(scratch.subarray(0, at));
  scratch = larger;
}

function bad(index, why) {
  return new TypeError(
    `argument ${index} ${why} (expected string, number, bigint, Uint8Array or ArrayBuffer)`,
  );
}

/** What a value is, without showing it. */
export function describe(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  return value === undefined ? "undefined" : `a ${typeof value}`;
}

/** An object literal: options or field-value pairs, not bytes, maps or arrays. */
export function isPlain(value) {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
