// Opens the sockets of a client that may have several servers.

/** @import { Dial, Unknown } from "../internal.js" */
/** @import { Link, Sink } from "../raw.js" */
/** @typedef {{ host?: string, port?: number, path?: string, url?: string, tls: boolean, servername: string | null }} Target What the wasm side wants dialled. */
/** @typedef {Dial & { reach: (target: Target) => Pick<Dial, "transport" | "address"> }} ServerDial */

import { Dialer } from "../dialer.js";

export class ServerDialer extends Dialer {
  #reach;

  /** @param {ConstructorParameters<typeof Dialer>[0]} instance @param {ServerDial} dial @param {(origin: string, error: unknown) => void} threw */
  constructor(instance, dial, threw) {
    super(instance, dial, threw);
    this.#reach = dial.reach;
  }

  /** @param {Sink} sink @param {Unknown} target @returns {Link} */
  open(sink, target) {
    return super.open(sink, this.#reach(target));
  }
}
