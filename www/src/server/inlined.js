// The wasm file of the build for servers, packed in a module.

import text from "../../pkg/redmux_server_inline.js";
import { decoded } from "../bytes.js";

/** Its bytes. */
export function inlined() {
  return decoded(text);
}
