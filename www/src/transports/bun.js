// TCP and Unix sockets in Bun: dialled by `node:net`, which can be told to stop, then used as the sockets that Bun
// has under it, which take bytes where they lie and say at once how many. TLS is left to `node:tls`.

import { dial, NodeChannel } from "./node.js";

/** Dials `{ host, port, path, tls }`; `tls` is `false`, or options of `tls.connect`. */
export function tcp(address, { signal }) {
  return dial(address, signal, {}, (socket) => {
    const handle = socket._handle;
    const native = !address.tls && typeof handle?.reload === "function" && typeof handle.write === "function";
    return native ? new BunChannel(socket, handle) : new NodeChannel(socket, null);
  });
}

class BunChannel {
  /** Kept for as long as its handle is used. */
  #socket;
  #handle;
  /** What the socket did not take yet, in order. */
  #waiting = [];
  #ending = false;
  /** What happened before `open`. */
  #early = [];
  #onData = null;
  #onEnd = null;
  buffered = 0;

  constructor(socket, handle) {
    this.#socket = socket;
    this.#handle = handle;
    handle.reload({
      socket: {
        binaryType: "uint8array",
        data: (_, bytes) => {
          if (!this.#onData) return void this.#early.push(bytes);
          const large = bytes.length >= 65536;
          this.#onData(bytes, large);
          if (large) bytes.buffer.transfer(0);
        },
        drain: () => this.#drain(),
        error: (_, error) => this.#ended(error),
        end: () => this.#ended(null),
        close: (_, error) => this.#ended(error ?? null),
      },
    });
  }

  write(bytes) {
    const taken = this.buffered > 0 ? 0 : this.#send(bytes);
    if (taken === bytes.length) return;
    const rest = bytes.slice(taken);
    this.#waiting.push(rest);
    this.buffered += rest.length;
  }

  writeParts(parts) {
    for (const part of parts) this.write(part);
  }

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
    if (this.buffered === 0) this.#handle.end();
  }

  #drain() {
    while (this.#waiting.length > 0) {
      const [first] = this.#waiting;
      const taken = this.#send(first);
      this.buffered -= taken;
      if (taken < first.length) {
        this.#waiting[0] = first.subarray(taken);
        return;
      }
      this.#waiting.shift();
    }
    if (this.#ending) this.#handle.end();
  }

  /** How many bytes it took. If it is closed, its end is told soon and the bytes do not matter. */
  #send(bytes) {
    return Math.max(this.#handle.write(bytes), 0);
  }

  #ended(error) {
    if (this.#onEnd) this.#onEnd(error);
    else this.#early.push(error);
  }
}
