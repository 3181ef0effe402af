// Streams of bytes, as the wasm side takes them.
//
// A transport is a function `(address, { signal }) => channel`; it may return a promise. A channel is
// either `{ readable, writable, closed?, close? }` (web streams of bytes, as of `connect()` from
// `cloudflare:sockets` and `Deno.connect()`) or, with less overhead,
// `{ write(bytes), buffered, close(), open(onData, onEnd) }`: its `write` copies what it keeps, and
// `onData(bytes, true)` lends bytes for as long as the call takes. It may have `writeParts(parts)` for bytes from
// several places, and `destroy()`, which ends it at once; `close()` sends what was written before, within `LINGER`.

/** @import { Address, ByteStream } from "../index.js" */
/** @import { AnyTransport, Channel, GuardedSink, OnData, OnEnd, Unknown } from "../internal.js" */
/** @import { Link } from "../raw.js" */

import { BAD_CONFIG, mistake } from "../errors.js";

/** Bytes that a channel may hold unsent before the wasm side waits. */
const HIGH_WATER = 1 << 20;
/** Milliseconds between two looks at a full channel, at first and at most. */
const BACK_OFF = [4, 64];

/** Milliseconds that a socket may take to send what was written before it was closed. */
const LINGER = 1000;

/**
 * Calls `destroy` when the time for unsent bytes is over; returns a function that prevents it. A peer that takes
 * no more bytes must not keep the socket, its buffers and the process alive.
 * @param {() => void} destroy
 */
export function linger(destroy) {
  const timer = setTimeout(destroy, LINGER);
  return () => clearTimeout(timer);
}

/** How a socket ended, or why it could not be opened: the `kind` of `Sink.end`. */
export const ENDED = 0;
export const BROKEN = 1;
const RESOLVE = 2;
const DIAL = 3;
const TLS = 4;
const UPGRADE = 5;

/**
 * Opens a channel for the wasm side. `sink` gets what happens to it; `memory()` is the memory of wasm.
 * `onEnd(error)` is called once, at the end or when it could not be opened; `sink.threw(error)` gets a transport's own
 * exceptions that concern no caller.
 * @param {AnyTransport} transport
 * @param {Address} address
 * @param {GuardedSink} sink
 * @param {() => Uint8Array} memory
 * @param {OnEnd} onEnd
 * @returns {Link}
 */
export function openLink(transport, address, sink, memory, onEnd) {
  const abort = new AbortController();
  /** @type {Channel | null} */
  let channel = null;
  let over = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {Uint8Array[]} Received and not read yet; of the first, `offset` bytes were read. */
  const chunks = [];
  let offset = 0;
  const end = (/** @type {number} */ kind, /** @type {Unknown} */ error) => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    shut(channel, kind === ENDED);
    onEnd(error);
    sink.end(kind, error ? messageOf(error, address) : "");
  };
  const shut = (/** @type {Channel | null} */ channel, /** @type {boolean} */ orderly) => {
    try {
      if (orderly || !channel?.destroy) channel?.close();
      else channel.destroy();
    } catch (error) {
      sink.threw(error);
    }
  };
  const isFull = () => {
    try {
      return /** @type {Channel} */ (channel).buffered > HIGH_WATER;
    } catch (error) {
      end(BROKEN, error);
      return false;
    }
  };
  const drained = (/** @type {number} */ delay) => {
    timer = setTimeout(() => {
      if (over) return;
      if (isFull()) drained(Math.min(delay * 2, BACK_OFF[1]));
      else if (!over) sink.drain();
    }, delay);
  };
  /** The wasm side ends the socket. */
  const leave = (/** @type {boolean} */ orderly) => {
    chunks.length = 0;
    if (over) return;
    over = true;
    clearTimeout(timer);
    shut(channel, orderly);
    abort.abort();
    onEnd(null);
    // Not at once: the wasm side is calling.
    queueMicrotask(() => sink.end(ENDED, ""));
  };
  const open = async () => {
    const { signal } = abort;
    /** @type {Unknown} */
    const opened = await transport(address, { signal });
    /** @type {Channel} */
    const made = typeof opened?.write === "function" ? opened : new StreamChannel(opened);
    if (over) return shut(made, false);
    channel = made;
    sink.open();
    channel.open(
      (bytes, lent = false) => {
        if (over || bytes.length === 0) return;
        chunks.push(bytes);
        sink.data(bytes.length);
        // Usually all bytes have been read by now.
        if (lent && chunks.length > 0) chunks.push(/** @type {Uint8Array} */ (chunks.pop()).slice());
      },
      (error) => end(error ? BROKEN : ENDED, error),
    );
  };
  open().catch((error) => end(channel ? BROKEN : stageOf(error, address), error));
  /** Returns whether more may be written at once. */
  const write = (/** @type {Uint8Array | Uint8Array[]} */ bytes) => {
    if (over) return true;
    const to = /** @type {Channel} */ (channel);
    try {
      if (!Array.isArray(bytes)) to.write(bytes);
      else if (to.writeParts) to.writeParts(bytes);
      else to.write(joined(bytes, new Uint8Array(lengthOf(bytes))));
    } catch (error) {
      end(BROKEN, error);
      return true;
    }
    if (!isFull()) return true;
    drained(BACK_OFF[0]);
    return false;
  };
  return {
    write,
    writeParts(places, count) {
      const bytes = memory();
      const words = new Uint32Array(bytes.buffer, places, count * 2);
      return write(Array.from({ length: count }, (_, n) => bytes.subarray(words[n * 2], words[n * 2] + words[n * 2 + 1])));
    },
    read(into) {
      let filled = 0;
      while (chunks.length > 0 && filled < into.length) {
        const [chunk] = chunks;
        const end = Math.min(chunk.length, offset + into.length - filled);
        into.set(end - offset === chunk.length ? chunk : chunk.subarray(offset, end), filled);
        filled += end - offset;
        offset = end;
        if (end < chunk.length) break;
        chunks.shift();
        offset = 0;
      }
      return filled;
    },
    close: () => leave(true),
    destroy: () => leave(false),
  };
}

/** Number of bytes in all parts. @param {Uint8Array[]} parts */
export function lengthOf(parts) {
  let length = 0;
  for (const part of parts) length += part.length;
  return length;
}

/**
 * Writes all parts, one after another, to the beginning of `room`, and returns it.
 * @param {Uint8Array[]} parts
 * @template {Uint8Array} T
 * @param {T} room
 */
export function joined(parts, room) {
  let at = 0;
  for (const part of parts) {
    room.set(part, at);
    at += part.length;
  }
  return room;
}

/**
 * The step that failed.
 * @param {Unknown} error
 * @param {Address} address
 */
function stageOf(error, address) {
  const code = String(error?.code ?? error?.cause?.code ?? "");
  if (/^(ENOTFOUND|EAI_|ENODATA)/.test(code)) return RESOLVE;
  // WebSockets and workerd give no code.
  if (/(^ERR_(TLS|SSL)|CERT|SELF_SIGNED|UNABLE_TO_)/.test(code) || /\bTLS\b|certificate|fatal alert/i.test(error?.message)) return TLS;
  return address.url === undefined ? DIAL : UPGRADE;
}

/**
 * A copy of an error with its `code`, without the URL that its message and its causes may hold.
 * @param {Unknown} error
 * @param {Address} address
 */
export function causeOf(error, address) {
  /** @type {Unknown} */
  const cause = new Error(messageOf(error, address));
  for (const name of ["code", "errno", "syscall", "closeCode", "isAuth"]) {
    const value = error?.[name] ?? error?.errors?.[0]?.[name] ?? error?.cause?.[name];
    if (value !== undefined) cause[name] = value;
  }
  return cause;
}

/**
 * The message of an error in one line: some runtimes put it into the code or the cause only.
 * @param {Unknown} error
 * @param {Address} address
 */
function messageOf(error, { url }) {
  const inner = error?.errors?.[0] ?? error?.cause ?? error;
  let text = String(error?.message || inner?.message || inner?.code || inner);
  // URLs may hold tokens. First the URL as it was given: it may hold a character that ends the match below.
  if (url) text = text.replaceAll(url, "(url)");
  return text.replace(/[a-z]+:\/\/[^\s'"`]+/gi, "(url)");
}

/** Web streams as a channel. */
class StreamChannel {
  #streams;
  #writer;
  #reader;
  #waiting = 0;
  /** @type {OnEnd | null} */
  #onEnd = null;

  /** @param {ByteStream} streams */
  constructor(streams) {
    if (!streams?.readable?.getReader || !streams?.writable?.getWriter) {
      throw mistake("transport: expected { readable, writable, closed, close }", BAD_CONFIG);
    }
    this.#streams = streams;
    this.#writer = streams.writable.getWriter();
    this.#reader = streams.readable.getReader();
  }

  /** Number of bytes that the stream has not written yet. */
  get buffered() {
    return this.#waiting;
  }

  /** @param {Uint8Array} bytes */
  write(bytes) {
    this.#waiting += bytes.byteLength;
    this.#writer.write(bytes.slice()).then(
      () => (this.#waiting -= bytes.byteLength),
      (/** @type {unknown} */ error) => this.#onEnd?.(error ?? new Error("the stream was closed for writing")),
    );
  }

  /** @param {OnData} onData @param {OnEnd} onEnd */
  open(onData, onEnd) {
    this.#onEnd = onEnd;
    this.#read(onData).then(() => onEnd(null), onEnd);
    this.#streams.closed?.catch?.(onEnd);
  }

  /** @param {OnData} onData */
  async #read(onData) {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      onData(value);
    }
  }

  close() {
    this.#onEnd = null;
    // A stream that fails here is closed already.
    this.#reader.cancel().catch(() => {});
    const done = linger(() => this.destroy());
    this.#writer.close().then(done, done);
    Promise.resolve(this.#streams.close?.()).catch(() => {});
  }

  destroy() {
    this.#onEnd = null;
    this.#reader.cancel().catch(() => {});
    this.#writer.abort().catch(() => {});
    Promise.resolve(this.#streams.close?.()).catch(() => {});
  }
}
