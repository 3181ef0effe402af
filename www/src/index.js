// The package in browsers, and wherever no other entry fits: WebSockets, and the wasm file fetched
// from its place relative to this file.

import { entry } from "./connect.js";
import { fetched } from "./wasmfile.js";

export * from "./exports.js";

export const { connect, load } = entry({
  wasmFile: () =>
    fetched(
      // Bundlers find a file that is named like this and copy it.
      () => new URL("../pkg/redmux_wasm_bg.wasm", import.meta.url),
      // The fallback for bundlers that do not; it is loaded only then.
      async () => (await import("./inlined.js")).inlined(),
    ),
});
