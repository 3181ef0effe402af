// The wasm side from its bytes, for entries that have them.

/** @import { Glue } from "./internal.js" */

/** Bytes from base64. @param {string} text */
export function decoded(text) {
  const { Buffer } = /** @type {any} The global is there in Node, Deno and Bun only. */ (globalThis);
  if (Buffer?.from) return Buffer.from(text, "base64");
  const bytes = /** @type {any} Newer than the compiler. */ (Uint8Array);
  if (bytes.fromBase64) return bytes.fromBase64(text);
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/**
 * Starts the wasm side. The glue's own way also looks whether it got a `Response`, for which Node loads all of `fetch`.
 * @param {Glue} glue
 * @param {BufferSource} bytes
 */
export async function startFrom(glue, bytes) {
  glue.initSync({ module: await WebAssembly.compile(bytes) });
}
