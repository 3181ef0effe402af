// The package in Bun: as in Node, with Bun's sockets.

import { entry } from "./connect.js";
import { inlined } from "./inlined.js";
import { tcp } from "./transports/bun.js";

export * from "./exports.js";

export const { connect, load } = entry({ wasmFile: inlined, tcp });
