// The wasm file, packed in a module.

import text from "../pkg/redmux_wasm_inline.js";
import { decoded } from "./bytes.js";

/** Its bytes. */
export function inlined() {
  return decoded(text);
}
