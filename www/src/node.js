// The package in Node and Deno: TCP, TLS and Unix sockets besides WebSockets, and the wasm file
// read from the disk.

import { readFile } from "node:fs/promises";
import { entry } from "./connect.js";
import { tcp } from "./transports/node.js";

export * from "./exports.js";

export const { connect, load } = entry({
  wasmFile: () => readFile(new URL("../pkg/redmux_wasm_bg.wasm", import.meta.url)),
  tcp,
  webSocket,
});

/** Node has a WebSocket of its own from version 22 on. */
async function webSocket() {
  try {
    return (await import("ws")).WebSocket;
  } catch {
    throw new Error("this runtime has no WebSocket: install the package ws, or use redis://");
  }
}
