// `connect` and `load`, common to all entries: these differ in how the wasm file is found and in
// what dials by default.

import * as glue from "../pkg/redmux_wasm.js";
import { readAddress } from "./address.js";
import { openClient } from "./client.js";
import { BAD_CONFIG, mistake } from "./errors.js";
import { Instance } from "./instance.js";
import { gated, patient } from "./page.js";
import { policy } from "./reconnect.js";
import { webSocket as overWebSocket } from "./transports/websocket.js";

/** What all entries of the package share, should a program load more than one; the first that is asked loads it. */
let instance = null;
let loading = null;

/**
 * Makes `connect` and `load` of an entry: `wasmFile()` gives what the wasm side is made of (bytes, a
 * module, a URL or a promise of one), `tcp` dials where the runtime has sockets, and `webSocket()`
 * gives the class to use where there is no `globalThis.WebSocket`.
 */
export function entry({ wasmFile, tcp = null, webSocket = null }) {
  const findSocket = async () => globalThis.WebSocket ?? (await webSocket?.());

  async function instantiate(wasm) {
    await glue.default({ module_or_path: wasm ?? (await wasmFile()) });
    // Once it is there this is the instance as it is now: a trap replaces it, and its memory.
    instance ??= new Instance(glue, () => glue.initSync().memory);
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
    return instance;
  }

  async function connect(url, { wasm, transport, tls, reconnect, ...options } = {}) {
    for (const [name, value] of [["transport", transport], ["reconnect", reconnect]]) {
      if (value !== undefined && typeof value !== "function") {
        throw mistake(`${name}: expected a function`, BAD_CONFIG);
      }
    }
    const { webSocket, socket, shown, options: given } = readAddress(url, tls);
    const over = transport ?? (webSocket === undefined ? tcp : overWebSocket(findSocket));
    if (!over) {
      const hint = "connect to a gateway (ws: or wss:), or give a transport";
      throw mistake(`url: this runtime opens no ${new URL(url).protocol} connections: ${hint}`, BAD_CONFIG);
    }
    const dial = {
      transport: gated(over),
      address: socket ?? { url: webSocket },
      endpoint: shown ?? webSocket,
      delay: patient(policy(reconnect)),
    };
    // An option that is undefined is not given: it leaves what the URL says.
    const said = Object.entries(options).filter(([, value]) => value !== undefined);
    return openClient(await load(wasm), dial, { ...given, ...Object.fromEntries(said) });
  }

  return { connect, load };
}
