// As index.js, but with no copy of the wasm file to fall back on: smaller in a bundle of one file.

import { entry } from "./connect.js";

export * from "./exports.js";

export const { connect, load } = entry({
  // Written like this, bundlers find the file and take it along.
  wasmFile: () => new URL("../pkg/redmux_wasm_bg.wasm", import.meta.url),
});
