// The package: loads the wasm side once, connects clients over it.

import { instance, instanceStopped, openClient } from "./client.js";

export { Client } from "./client.js";
export { CommandError, ConnectionError, RedmuxError, ServerError, TimeoutError } from "./errors.js";
export { Subscription } from "./subscription.js";

let loading = null;
let loaded = null;

/**
 * Connects to Redis through a WebSocket gateway.
 *
 * `url` is `ws://…`, `wss://…`, or relative to the page (`/redis`). `options.wasm` says
 * where the wasm file is (URL, Response, bytes or module), if not beside the glue code.
 */
export async function connect(url, { wasm, ...options } = {}) {
  const target = webSocketUrl(url);
  const { RawClient } = await load(wasm);
  return openClient(RawClient, target, options);
}

/** Loads the wasm side ahead of the first `connect`. */
export async function load(wasm) {
  loading ??= instantiate(wasm);
  try {
    await loading;
  } catch (error) {
    // The next call may try again: the network may be back.
    loading = null;
    throw error;
  }
  if (instance.stopped) restart();
  return loaded;
}

async function instantiate(wasm) {
  const glue = await import("../pkg/redmux_wasm.js");
  // Written like this, bundlers find the file and take it along.
  const file = new URL("../pkg/redmux_wasm_bg.wasm", import.meta.url);
  await glue.default({ module_or_path: wasm ?? file });
  watch();
  loaded = glue;
}

/** A new instance in place of one that stopped. */
function restart() {
  if (typeof loaded.__wbg_reset_state !== "function") {
    throw new Error("the wasm instance stopped after an internal error: load the page again");
  }
  loaded.__wbg_reset_state();
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

function webSocketUrl(url) {
  const base = globalThis.location?.href;
  let target;
  try {
    target = new URL(url, base);
  } catch {
    // The URL may hold a token: it is not repeated.
    throw new TypeError("url: not a URL (expected ws://, wss://, or a path on this page's host)");
  }
  if (target.protocol === "http:") target.protocol = "ws:";
  if (target.protocol === "https:") target.protocol = "wss:";
  if (target.protocol !== "ws:" && target.protocol !== "wss:") {
    throw new TypeError(`url: ${target.protocol} is not a WebSocket scheme (expected ws: or wss:)`);
  }
  return target.href;
}
