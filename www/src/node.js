// The package in Node and Deno: TCP, TLS and Unix sockets besides WebSockets, and the wasm file inside, so that
// a bundle of one file has it.

import { entry } from "./connect.js";
import { inlined } from "./inlined.js";
import { tcp } from "./transports/node.js";

export * from "./exports.js";

export const { connect, load } = entry({ wasmFile: inlined, tcp, webSocket });

/** Node has a WebSocket of its own from version 22 on. */
async function webSocket() {
  // A name that bundlers do not see: they would require the package.
  const name = "ws";
  try {
    return (await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ name)).WebSocket;
  } catch {
    throw new Error("this runtime has no WebSocket: install the package ws, or use redis://");
  }
}
