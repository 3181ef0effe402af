// WebSockets as channels: any class that behaves like that of browsers.

/** @import { AnyTransport, OnData, OnEnd, Unknown } from "../internal.js" */
/** @typedef {WebSocket & { terminate?(): void }} Socket The package ws can end one at once. */

import { linger } from "./channel.js";

/** How a WebSocket ended, unless it ended orderly. */
export class CloseError extends Error {
  /** @param {number} code @param {string} reason */
  constructor(code, reason) {
    const why = reason ? `: ${reason}` : "";
    super(code === 1006 ? `the WebSocket closed abnormally (1006)${why}` : `the WebSocket closed with ${code}${why}`);
    this.closeCode = code;
  }
}

/**
 * A transport over a class like `WebSocket`, which `find()` returns.
 * @param {() => Promise<Unknown>} find
 * @returns {AnyTransport}
 */
export function webSocket(find) {
  return async ({ url }, { signal }) => {
    const WebSocket = await find();
    if (typeof WebSocket !== "function") {
      throw new Error("this runtime has no WebSocket: give a transport");
    }
    signal.throwIfAborted();
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    return new Promise((resolve, reject) => {
      const channel = new WebSocketChannel(socket);
      let told = "";
      socket.onopen = () => {
        signal.removeEventListener("abort", abort);
        resolve(channel);
      };
      socket.onerror = (/** @type {Unknown} */ event) => {
        // Browsers say nothing about an error; other runtimes have a message.
        told = event?.message ?? "";
        channel.told = told;
      };
      socket.onclose = (/** @type {CloseEvent} */ event) => reject(new CloseError(event.code || 1006, event.reason || told));
      const abort = () => {
        channel.destroy();
        reject(signal.reason);
      };
      signal.addEventListener("abort", abort, { once: true });
    });
  };
}

const NORMAL = new Set([1000, 1001, 1005]);
const OPEN = 1;
const CLOSED = 3;

class WebSocketChannel {
  #socket;
  told = "";

  /** @param {Socket} socket */
  constructor(socket) {
    this.#socket = socket;
  }

  /** Number of unsent bytes; 0 in workerd, which does not know it. */
  get buffered() {
    return this.#socket.bufferedAmount ?? 0;
  }

  /** @param {Uint8Array<any>} bytes Never shared memory. */
  write(bytes) {
    // While the other side closes, bytes sent would be lost: the close code says why.
    if (this.#socket.readyState === OPEN) this.#socket.send(bytes.slice());
  }

  /** @param {OnData} onData @param {OnEnd} onEnd */
  open(onData, onEnd) {
    const socket = this.#socket;
    socket.onmessage = ({ data }) => {
      if (data?.byteLength !== undefined) return onData(new Uint8Array(data));
      onEnd(new Error("a WebSocket message was not binary (expected RESP)"));
    };
    socket.onclose = ({ code, reason }) => {
      onEnd(NORMAL.has(code) ? null : new CloseError(code || 1006, reason || this.told));
    };
    // The socket may have closed before the handler was set.
    if (socket.readyState > OPEN) onEnd(new CloseError(1006, this.told));
  }

  close() {
    const socket = this.#socket;
    socket.onopen = socket.onmessage = socket.onclose = null;
    // Not unset: some classes throw an error that has no listener.
    socket.onerror = () => {};
    try {
      socket.close(1000);
    } catch {
      // The socket is closed already.
    }
    // Where a socket can be ended at once, an unresponsive gateway must not keep the process alive.
    if (socket.terminate && socket.readyState < CLOSED) socket.addEventListener("close", linger(() => this.destroy()));
  }

  destroy() {
    this.close();
    this.#socket.terminate?.();
  }
}
