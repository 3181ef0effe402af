// The package with the wasm file inside: nothing is fetched. For single-file builds, browser extensions
// and pages whose policy forbids it. It is a third larger.

import { entry } from "./connect.js";
import { inlined } from "./inlined.js";

export * from "./exports.js";

export const { connect, load } = entry({ wasmFile: inlined });
