// The package where it is installed for Node: as in node.js, with the wasm file read from its place beside the module.

import * as channels from "node:diagnostics_channel";

import { wasmFile } from "./beside.js";
import { serverEntry } from "./server/connect.js";
import { tcp } from "./transports/node.js";
import { webSocket } from "./transports/ws.js";

export * from "./server/exports.js";

export const { connect, connectGroup, createClient, createClientPool, createCluster, createSentinel, load } = serverEntry({ wasmFile, tcp, webSocket, channels });
