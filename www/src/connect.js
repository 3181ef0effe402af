// `connect` and `load`, common to all entries: these differ in how the wasm file is found and in
// what dials by default.

import * as glue from "../pkg/redmux_wasm.js";
import { readAddress } from "./address.js";
import { instance, instanceStopped, openClient } from "./client.js";
import { socketClass } from "./transports/channel.js";

/**
 * Makes `connect` and `load` of an entry: `wasmFile()` gives what the wasm side is made of (bytes, a
 * module, a URL or a promise of one), `tcp` dials where the runtime has sockets, and `webSocket()`
 * gives the class to use where there is no `globalThis.WebSocket`.
 */
export function entry({ wasmFile, tcp = null, webSocket = null }) {
  let loading = null;

  async function instantiate(wasm) {
    await glue.default({ module_or_path: wasm ?? (await wasmFile()) });
    watch();
  }

  async function load(wasm) {
    loading ??= instantiate(wasm);
    try {
      await loading;
    } catch (error) {
      // The next call may try again: the network may be back.
      loading = null;
      throw error;
    }
    if (instance.stopped) restart();
    return glue;
  }

  async function connect(url, { wasm, transport, tls, ...options } = {}) {
    if (transport !== undefined && typeof transport !== "function") {
      throw new TypeError("transport: expected a function that opens a stream of bytes");
    }
    const address = readAddress(url, tls);
    const { RawClient } = await load(wasm);
    if (address.webSocket !== undefined && !transport) {
      const socket = globalThis.WebSocket === undefined ? await webSocket?.() : undefined;
      return openClient(RawClient, address.webSocket, options, socket);
    }
    const dial = transport ?? tcp;
    if (!dial) {
      const hint = "connect to a gateway (ws: or wss:), or give a transport";
      throw new TypeError(`url: this runtime opens no ${new URL(url).protocol} connections: ${hint}`);
    }
    const socket = socketClass(dial, address.socket ?? { url: address.webSocket });
    const shown = address.shown ?? address.webSocket;
    return openClient(RawClient, shown, { ...address.options, ...options }, socket);
  }

  return { connect, load };
}

/** A new instance in place of one that stopped. */
function restart() {
  if (typeof glue.__wbg_reset_state !== "function") {
    throw new Error("the wasm instance stopped after an internal error: load the page again");
  }
  glue.__wbg_reset_state();
  instance.stopped = false;
}

/**
 * A trap outside of a call from here (in a timer, or when a message comes) is seen only as
 * an uncaught exception. Those of other wasm modules are told apart by their stack.
 */
function watch() {
  const check = (cause) => {
    if (!(cause instanceof WebAssembly.RuntimeError)) return;
    if (!String(cause.stack).includes("redmux_wasm")) return;
    instanceStopped(cause);
  };
  globalThis.addEventListener?.("error", (event) => check(event.error));
  globalThis.addEventListener?.("unhandledrejection", (event) => check(event.reason));
}
