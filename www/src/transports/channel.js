// What the wasm side takes for a WebSocket, over any other stream of bytes.
//
// A transport is a function `(address, { signal }) => channel`, or a promise of one. A channel is
// either `{ readable, writable, closed?, close? }` (web streams of bytes, as of `connect()` from
// `cloudflare:sockets`, `Deno.connect()` and the like) or, with less on the way,
// `{ write(bytes), buffered, close(), open(onData, onEnd) }`.

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 3;

/** A class with the interface of `WebSocket` as far as the wasm side uses it. */
export function socketClass(transport, address) {
  return class Socket {
    binaryType = "arraybuffer";
    readyState = CONNECTING;
    onopen = null;
    onmessage = null;
    onerror = null;
    onclose = null;
    #abort = new AbortController();
    #channel = null;

    constructor() {
      this.#open().catch((error) => this.#end(error));
    }

    get bufferedAmount() {
      return this.#channel?.buffered ?? 0;
    }

    send(buffer) {
      this.#channel.write(new Uint8Array(buffer));
    }

    close() {
      if (this.readyState === CLOSED) return;
      this.readyState = CLOSED;
      this.#abort.abort();
      this.#channel?.close();
      queueMicrotask(() => this.onclose?.({ code: 1000, reason: "" }));
    }

    async #open() {
      const { signal } = this.#abort;
      const opened = await transport(address, { signal });
      const channel = typeof opened?.write === "function" ? opened : new StreamChannel(opened);
      if (this.readyState === CLOSED) return channel.close();
      this.#channel = channel;
      // From here on data may come, and must find the socket open.
      this.readyState = OPEN;
      this.onopen?.({});
      channel.open(
        (data) => this.onmessage?.({ data }),
        (error) => this.#end(error),
      );
    }

    #end(error) {
      if (this.readyState === CLOSED) return;
      this.readyState = CLOSED;
      this.#channel?.close();
      if (error) this.onerror?.({ message: messageOf(error) });
      else this.onclose?.({ code: 1000, reason: "" });
    }
  };
}

/** What went wrong, in one line: some runtimes put it into the code or the cause alone. */
function messageOf(error) {
  const inner = error?.errors?.[0] ?? error?.cause ?? error;
  return String(error?.message || inner?.message || inner?.code || inner);
}

/** Web streams as a channel. */
class StreamChannel {
  #streams;
  #writer;
  #reader;
  #waiting = 0;
  #onEnd = null;

  constructor(streams) {
    if (!streams?.readable?.getReader || !streams?.writable?.getWriter) {
      throw new TypeError("transport: expected { readable, writable, closed, close }");
    }
    this.#streams = streams;
    this.#writer = streams.writable.getWriter();
    this.#reader = streams.readable.getReader();
  }

  /** Bytes that were given to the stream and are not written yet. */
  get buffered() {
    return this.#waiting;
  }

  write(bytes) {
    this.#waiting += bytes.byteLength;
    this.#writer.write(bytes).then(
      () => (this.#waiting -= bytes.byteLength),
      (error) => this.#onEnd?.(error ?? new Error("the stream was closed for writing")),
    );
  }

  open(onData, onEnd) {
    this.#onEnd = onEnd;
    this.#read(onData).then(() => onEnd(null), onEnd);
    this.#streams.closed?.catch?.(onEnd);
  }

  async #read(onData) {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      onData(value);
    }
  }

  close() {
    this.#onEnd = null;
    // What fails here is closed already.
    this.#reader.cancel().catch(() => {});
    this.#writer.close().catch(() => {});
    Promise.resolve(this.#streams.close?.()).catch(() => {});
  }
}
