// The wasm file, packed in a module.

import text from "../pkg/redmux_wasm_inline.js";

/** Its bytes. */
export function inlined() {
  return decoded(text);
}

/** Bytes from base64. @param {string} text */
export function decoded(text) {
  const { Buffer } = /** @type {any} The global is there in Node, Deno and Bun only. */ (globalThis);
  if (Buffer?.from) return Buffer.from(text, "base64");
  const bytes = /** @type {any} Newer than the compiler. */ (Uint8Array);
  if (bytes.fromBase64) return bytes.fromBase64(text);
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
