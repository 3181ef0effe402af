// The package in browsers, and wherever no other entry fits: WebSockets, and the wasm file fetched
// from beside this one.

import { entry } from "./connect.js";
import { fetched } from "./wasmfile.js";

export * from "./exports.js";

export const { connect, load } = entry({
  wasmFile: () =>
    fetched(
      // Written like this, bundlers find the file and take it along.
      () => new URL("../pkg/redmux_wasm_bg.wasm", import.meta.url),
      // Those that do not find it have this instead; it is loaded only then.
      async () => (await import("./inlined.js")).inlined(),
    ),
});
