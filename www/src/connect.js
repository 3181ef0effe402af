// `connect` and `load`, common to all entries. The entries differ in how they find the wasm file and in what
// dials by default.

/** @import { ConnectOptions } from "./index.js" */
/** @import { AnyTransport, Unknown } from "./internal.js" */
/** @typedef {ConnectOptions["wasm"]} Wasm */
/** @typedef {{ wasmFile: (glue: Unknown) => Unknown, tcp?: AnyTransport | null, webSocket?: (() => Promise<Unknown>) | null }} Entry */

import * as glue from "../pkg/redmux_wasm.js";
import { readAddress } from "./address.js";
import { openClient } from "./client.js";
import { BAD_CONFIG, mistake } from "./errors.js";
import { loader } from "./loader.js";
import { gated, patient } from "./page.js";
import { policy } from "./reconnect.js";
import { webSocket as overWebSocket } from "./transports/websocket.js";

/**
 * Makes `connect` and `load` of an entry: `wasmFile(glue)` returns what the wasm side is made of (bytes, a
 * module, a URL or a promise of one), or starts it, `tcp` dials where the runtime has sockets, and `webSocket()`
 * returns the class to use where there is no `globalThis.WebSocket`.
 * @param {Entry} entry
 */
export function entry({ wasmFile, tcp = null, webSocket = null }) {
  const findSocket = async () => globalThis.WebSocket ?? (await webSocket?.());

  const load = loader(glue, wasmFile);

  /** @param {string | URL} url @param {ConnectOptions} [options] */
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
      endpoint: /** @type {string} */ (shown ?? webSocket),
      delay: patient(policy(reconnect)),
    };
    // An option that is undefined does not replace what the URL says.
    const said = Object.entries(options).filter(([, value]) => value !== undefined);
    return openClient(await load(wasm), dial, { ...given, ...Object.fromEntries(said) });
  }

  return { connect, load };
}
