// The package in Bun, as in Node but for its sockets.

import { readFile } from "node:fs/promises";
import { entry } from "./connect.js";
import { tcp } from "./transports/bun.js";

export * from "./exports.js";

export const { connect, load } = entry({
  wasmFile: () => readFile(new URL("../pkg/redmux_wasm_bg.wasm", import.meta.url)),
  tcp,
});
