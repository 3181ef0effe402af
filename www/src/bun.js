// The package in Bun: as in Node, with Bun's sockets.

import * as channels from "node:diagnostics_channel";

import { startFrom } from "./bytes.js";
import { serverEntry } from "./server/connect.js";
import { inlined } from "./server/inlined.js";
import { tcp } from "./transports/bun.js";

export * from "./server/exports.js";

export const { connect, connectGroup, createClient, createClientPool, createCluster, createSentinel, load } = serverEntry({ wasmFile: (glue) => startFrom(glue, inlined()), tcp, channels });
