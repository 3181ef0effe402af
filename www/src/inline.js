// The package with the wasm file inside: nothing is fetched. For single-file builds, browser extensions
// and pages whose policy forbids it. It is a third larger.

import bytes from "../pkg/redmux_wasm_inline.js";
import { entry } from "./connect.js";

export * from "./exports.js";

export const { connect, load } = entry({ wasmFile: () => bytes });
