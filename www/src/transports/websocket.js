// WebSockets as channels: any class that behaves like that of browsers.

import { linger } from "./channel.js";

/** How a WebSocket ended, where that was no orderly end. */
export class CloseError extends Error {
  constructor(code, reason) {
    const why = reason ? `: ${reason}` : "";
    super(code === 1006 ? `the WebSocket closed abnormally (1006)${why}` : `the WebSocket closed with ${code}${why}`);
    this.closeCode = code;
  }
}

/** A transport over a class like `WebSocket`; `find()` gives it. */
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
      socket.onerror = (event) => {
        // Browsers say nothing about an error; other runtimes tell in a message.
        told = event?.message ?? "";
        channel.told = told;
      };
      socket.onclose = (event) => reject(new CloseError(event.code || 1006, event.reason || told));
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

  constructor(socket) {
    this.#socket = socket;
  }

  /** Where there is no such number (workerd), nothing is known to wait. */
  get buffered() {
    return this.#socket.bufferedAmount ?? 0;
  }

  write(bytes) {
    // While the other side closes, what is sent is lost: its code says why.
    if (this.#socket.readyState === OPEN) this.#socket.send(bytes.slice());
  }

  open(onData, onEnd) {
    const socket = this.#socket;
    socket.onmessage = ({ data }) => {
      if (data?.byteLength !== undefined) return onData(new Uint8Array(data));
      onEnd(new Error("a WebSocket message was not binary, as RESP is"));
    };
    socket.onclose = ({ code, reason }) => {
      onEnd(NORMAL.has(code) ? null : new CloseError(code || 1006, reason || this.told));
    };
    // It may have closed between the two.
    if (socket.readyState > OPEN) onEnd(new CloseError(1006, this.told));
  }

  close() {
    const socket = this.#socket;
    socket.onopen = socket.onmessage = socket.onclose = null;
    // Not unset: some classes throw what nobody listens for.
    socket.onerror = () => {};
    try {
      socket.close(1000);
    } catch {
      // It is closed already.
    }
    // Where it can be ended at once, an unresponsive gateway does not keep the process for longer.
    if (socket.terminate && socket.readyState < CLOSED) socket.addEventListener("close", linger(() => this.destroy()));
  }

  destroy() {
    this.close();
    this.#socket.terminate?.();
  }
}
