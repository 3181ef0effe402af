// The wasm file as it is packed in a module.

import text from "../pkg/redmux_wasm_inline.js";

/** Its bytes. */
export function inlined() {
  const { Buffer } = globalThis;
  if (Buffer?.from) return Buffer.from(text, "base64");
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
