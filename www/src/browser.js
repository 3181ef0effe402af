// As index.js without the copy of the wasm file to fall back on: smaller in a bundle of one file.

import { entry } from "./connect.js";

export * from "./exports.js";

export const { connect, load } = entry({
  // Bundlers find a file that is named like this and copy it.
  wasmFile: () => new URL("../pkg/redmux_wasm_bg.wasm", import.meta.url),
});
