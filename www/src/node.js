// The package in Deno and in what is bundled for Node: TCP, TLS and Unix sockets besides WebSockets, and the wasm file inside,
// so that a bundle of one file has it.

import * as channels from "node:diagnostics_channel";

import { startFrom } from "./bytes.js";
import { serverEntry } from "./server/connect.js";
import { inlined } from "./server/inlined.js";
import { tcp } from "./transports/node.js";
import { webSocket } from "./transports/ws.js";

export * from "./server/exports.js";

export const { connect, connectGroup, createClient, createClientPool, createCluster, createSentinel, load } = serverEntry({ wasmFile: (glue) => startFrom(glue, inlined()), tcp, webSocket, channels });
