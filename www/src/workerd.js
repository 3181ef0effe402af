// The package in workerd and Cloudflare Workers: TCP and TLS besides WebSockets, and the wasm file as a
// module, because code may not compile wasm there.

// @ts-expect-error: only workerd has the wasm file as a module with a default export.
import wasm from "../pkg/redmux_server_bg.wasm";
import { serverEntry } from "./server/connect.js";
import { tcp } from "./transports/cloudflare.js";

export * from "./server/exports.js";

export const { connect, connectGroup, createClient, createClientPool, createCluster, createSentinel, load } = serverEntry({ wasmFile: () => wasm, tcp });
