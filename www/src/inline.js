// The package with the wasm file inside, so that it fetches nothing: for single-file builds, browser extensions
// and pages whose policy forbids fetching. The file is a third larger.

import { entry } from "./connect.js";
import { inlined } from "./inlined.js";

export * from "./exports.js";

export const { connect, load } = entry({ wasmFile: inlined });
