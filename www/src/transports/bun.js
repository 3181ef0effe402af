// TCP and Unix sockets in Bun. `node:net` dials, because it can be aborted; then Bun's own socket under it is used,
// which takes bytes without a copy and says at once how many. TLS uses `node:tls`.

/** @import { Address } from "../index.js" */
/** @import { OnData, OnEnd, Unknown } from "../internal.js" */

import { linger } from "./channel.js";
import { dial, NodeChannel } from "./node.js";

/**
 * Dials `{ host, port, path, tls }`; `tls` is `false`, or options of `tls.connect`.
 * @param {Address} address
 * @param {{ signal: AbortSignal }} options
 */
export function tcp(address, { signal }) {
  return dial(address, signal, {}, (socket) => {
    const handle = /** @type {Unknown} */ (socket)._handle;
    // A version of Bun without this handle uses the socket.
    const native = !address.tls && typeof handle?.reload === "function" && typeof handle.write === "function";
    return native ? new BunChannel(handle, socket) : new NodeChannel(socket, null);
  });
}

/** From this size on, a received buffer is freed at once instead of with the next garbage collection. */
const LARGE = 64 << 10;

export class BunChannel {
  #handle;
  /** @type {unknown} Kept alive for as long as its handle is used. */
  #socket;
  /** @type {Uint8Array[]} Bytes that the socket did not take yet, in order. */
  #waiting = [];
  #ending = false;
  /** Ends the wait for unsent bytes. */
  #sent = () => {};
  /** @type {unknown[]} What came before `open`: bytes, or the end. */
  #early = [];
  /** @type {OnData | null} */
  #onData = null;
  /** @type {OnEnd | null} */
  #onEnd = null;
  buffered = 0;

  /** Whether the process stays alive for it. @param {boolean} keeps */
  hold(keeps) {
    for (const one of [this.#handle, /** @type {Unknown} */ (this.#socket)]) one?.[keeps ? "ref" : "unref"]?.();
  }

  /** @param {Unknown} handle @param {unknown} socket */
  constructor(handle, socket) {
    this.#handle = handle;
    this.#socket = socket;
    handle.reload({
      socket: {
        binaryType: "uint8array",
        data: (/** @type {unknown} */ _, /** @type {Uint8Array} */ bytes) => this.#data(bytes),
        drain: () => this.#drain(),
        error: (/** @type {unknown} */ _, /** @type {unknown} */ error) => this.#ended(error),
        end: () => this.#ended(null),
        close: (/** @type {unknown} */ _, /** @type {unknown} */ error) => this.#ended(error ?? null),
      },
    });
  }

  /** @param {Uint8Array} bytes */
  write(bytes) {
    const taken = this.buffered > 0 ? 0 : this.#send(bytes);
    if (taken === bytes.length) return;
    // The bytes are in the memory of wasm, which changes after the call.
    const rest = bytes.slice(taken);
    this.#waiting.push(rest);
    this.buffered += rest.length;
  }

  /** @param {Uint8Array[]} parts */
  writeParts(parts) {
    // Parts come apart because one is large: joining them would cost more than it saves.
    for (const part of parts) this.write(part);
  }

  /** @param {OnData} onData @param {OnEnd} onEnd */
  open(onData, onEnd) {
    this.#onData = onData;
    this.#onEnd = onEnd;
    for (const happened of this.#early.splice(0)) {
      if (happened instanceof Uint8Array) onData(happened);
      else onEnd(happened);
    }
  }

  close() {
    this.#onData = this.#onEnd = () => {};
    this.#ending = true;
    // What was written is sent before the end.
    if (this.buffered === 0) this.#end();
    else this.#sent = linger(() => this.destroy());
  }

  destroy() {
    this.#onData = this.#onEnd = () => {};
    this.#ending = false;
    this.#waiting = [];
    this.buffered = 0;
    this.#sent();
    this.#socket = null;
    if (this.#handle.terminate) this.#handle.terminate();
    else this.#handle.end();
  }

  /** @param {Uint8Array<any>} bytes Bun's buffers can be transferred. */
  #data(bytes) {
    if (!this.#onData) return void this.#early.push(bytes);
    if (bytes.length < LARGE) return this.#onData(bytes);
    this.#onData(bytes, true);
    if (bytes.length === bytes.buffer.byteLength) bytes.buffer.transfer?.(0);
  }

  #drain() {
    while (this.buffered > 0) {
      const [first] = this.#waiting;
      const taken = this.#send(first);
      this.buffered -= taken;
      if (taken < first.length) {
        this.#waiting[0] = first.subarray(taken);
        return;
      }
      this.#waiting.shift();
    }
    if (this.#ending) this.#end();
  }

  /** Returns how many bytes the socket took; 0 if it is closed. @param {Uint8Array} bytes */
  #send(bytes) {
    return Math.max(this.#handle.write(bytes), 0);
  }

  #end() {
    this.#sent();
    this.#socket = null;
    this.#handle.end();
  }

  /** @param {unknown} error */
  #ended(error) {
    this.#sent();
    if (this.#onEnd) this.#onEnd(error);
    else this.#early.push(error);
  }
}
