// TCP and Unix sockets in Bun: dialled by `node:net`, which can be told to stop, then used as the sockets that Bun
// has under it, which take bytes where they lie and say at once how many. TLS is left to `node:tls`.

import { linger } from "./channel.js";
import { dial, NodeChannel } from "./node.js";

/** Dials `{ host, port, path, tls }`; `tls` is `false`, or options of `tls.connect`. */
export function tcp(address, { signal }) {
  return dial(address, signal, {}, (socket) => {
    const handle = socket._handle;
    // Should a version of Bun have none, there is still the socket.
    const native = !address.tls && typeof handle?.reload === "function" && typeof handle.write === "function";
    return native ? new BunChannel(handle, socket) : new NodeChannel(socket, null);
  });
}

/** From so many bytes on, what the socket brings is given back at once: else a collection of garbage would have to. */
const LARGE = 64 << 10;

export class BunChannel {
  #handle;
  /** Kept for as long as its handle is used. */
  #socket;
  /** What the socket did not take yet, in order. */
  #waiting = [];
  #ending = false;
  /** Ends the wait for what is unsent. */
  #sent = () => {};
  /** What happened before `open`: bytes, or the end. */
  #early = [];
  #onData = null;
  #onEnd = null;
  buffered = 0;

  constructor(handle, socket) {
    this.#handle = handle;
    this.#socket = socket;
    handle.reload({
      socket: {
        binaryType: "uint8array",
        data: (_, bytes) => this.#data(bytes),
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
    // The memory of wasm changes as soon as the call is over.
    const rest = bytes.slice(taken);
    this.#waiting.push(rest);
    this.buffered += rest.length;
  }

  writeParts(parts) {
    // Joining them would cost more than it saves: they lie apart because one is large.
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

  /** How many bytes it took. None if it is closed: its end is told by itself. */
  #send(bytes) {
    return Math.max(this.#handle.write(bytes), 0);
  }

  #end() {
    this.#sent();
    this.#socket = null;
    this.#handle.end();
  }

  #ended(error) {
    this.#sent();
    if (this.#onEnd) this.#onEnd(error);
    else this.#early.push(error);
  }
}
