// The package in browsers, and wherever no other entry fits: WebSockets, and the wasm file fetched
// from beside this one.

import { entry } from "./connect.js";

export * from "./exports.js";

export const { connect, load } = entry({
  // Written like this, bundlers find the file and take it along.
  wasmFile: () => new URL("../pkg/redmux_wasm_bg.wasm", import.meta.url),
});
