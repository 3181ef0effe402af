// Streams of bytes, as the wasm side takes them.
//
// A transport is a function `(address, { signal }) => channel`, or a promise of one. A channel is
// either `{ readable, writable, closed?, close? }` (web streams of bytes, as of `connect()` from
// `cloudflare:sockets`, `Deno.connect()` and the like) or, with less on the way,
// `{ write(bytes), buffered, close(), open(onData, onEnd) }`: its `write` copies what it keeps, and
// `onData(bytes, true)` lends bytes for as long as the call takes. It may have `writeParts(parts)` for bytes that
// lie apart, and `destroy()`, which ends it at once; `close()` sends what was written before, within `LINGER`.

import { BAD_CONFIG, mistake } from "../errors.js";

/** Bytes that a channel may hold unsent before the wasm side waits. */
const HIGH_WATER = 1 << 20;
/** How soon a full channel is looked at again, at first and at most, in milliseconds. */
const BACK_OFF = [4, 64];

/** Milliseconds that a socket may take to send what was written before it was closed. */
const LINGER = 1000;

/**
 * Calls `destroy` when the time for what is unsent is over; gives a function that prevents it. A peer that takes
 * nothing more must not keep the socket, its bytes and the process.
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
 * Opens a channel for the wasm side, which is told through `sink` what happens to it; `memory()` is its memory.
 * `onEnd(error)` is told once, at its end or when it could not be opened; `sink.threw(error)` of a transport's own
 * exceptions, where they concern nobody else.
 */
export function openLink(transport, address, sink, memory, onEnd) {
  const abort = new AbortController();
  let channel = null;
  let over = false;
  let timer = null;
  /** What came and is not read yet, and how much of the first is. */
  const chunks = [];
  let offset = 0;
  const end = (kind, error) => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    shut(channel, kind === ENDED);
    onEnd(error);
    sink.end(kind, error ? messageOf(error, address) : "");
  };
  const shut = (channel, orderly) => {
    try {
      if (orderly || !channel?.destroy) channel?.close();
      else channel.destroy();
    } catch (error) {
      sink.threw(error);
    }
  };
  const isFull = () => {
    try {
      return channel.buffered > HIGH_WATER;
    } catch (error) {
      end(BROKEN, error);
      return false;
    }
  };
  const drained = (delay) => {
    timer = setTimeout(() => {
      if (over) return;
      if (isFull()) drained(Math.min(delay * 2, BACK_OFF[1]));
      else if (!over) sink.drain();
    }, delay);
  };
  /** What the wasm side has asked for. */
  const leave = (orderly) => {
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
    const opened = await transport(address, { signal });
    const made = typeof opened?.write === "function" ? opened : new StreamChannel(opened);
    if (over) return shut(made, false);
    channel = made;
    sink.open();
    channel.open(
      (bytes, lent = false) => {
        if (over || bytes.length === 0) return;
        chunks.push(bytes);
        sink.data(bytes.length);
        // As a rule they have been read.
        if (lent && chunks.length > 0) chunks.push(chunks.pop().slice());
      },
      (error) => end(error ? BROKEN : ENDED, error),
    );
  };
  open().catch((error) => end(channel ? BROKEN : stageOf(error, address), error));
  /** Whether it takes more at once. */
  const write = (bytes) => {
    if (over) return true;
    try {
      if (!Array.isArray(bytes)) channel.write(bytes);
      else if (channel.writeParts) channel.writeParts(bytes);
      else channel.write(joined(bytes, new Uint8Array(lengthOf(bytes))));
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

/** How many bytes all parts have. */
export function lengthOf(parts) {
  let length = 0;
  for (const part of parts) length += part.length;
  return length;
}

/** All parts, one after another, at the beginning of `room`, which is given back. */
export function joined(parts, room) {
  let at = 0;
  for (const part of parts) {
    room.set(part, at);
    at += part.length;
  }
  return room;
}

/** How far it came before it failed. */
function stageOf(error, address) {
  const code = String(error?.code ?? error?.cause?.code ?? "");
  if (/^(ENOTFOUND|EAI_|ENODATA)/.test(code)) return RESOLVE;
  // WebSockets and workerd give no code.
  if (/(^ERR_(TLS|SSL)|CERT|SELF_SIGNED|UNABLE_TO_)/.test(code) || /\bTLS\b|certificate|fatal alert/i.test(error?.message)) return TLS;
  return address.url === undefined ? DIAL : UPGRADE;
}

/** What went wrong as an error with its `code`: a copy, because the message and the causes of the other may hold the URL. */
export function causeOf(error, address) {
  const cause = new Error(messageOf(error, address));
  for (const name of ["code", "errno", "syscall", "closeCode", "isAuth"]) {
    const value = error?.[name] ?? error?.errors?.[0]?.[name] ?? error?.cause?.[name];
    if (value !== undefined) cause[name] = value;
  }
  return cause;
}

/** What went wrong, in one line: some runtimes put it into the code or the cause alone. */
function messageOf(error, { url }) {
  const inner = error?.errors?.[0] ?? error?.cause ?? error;
  let text = String(error?.message || inner?.message || inner?.code || inner);
  // Tokens live in URLs: first as it was given, which may hold what would end it.
  if (url) text = text.replaceAll(url, "(url)");
  return text.replace(/[a-z]+:\/\/[^\s'"`]+/gi, "(url)");
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
      throw mistake("transport: expected { readable, writable, closed, close }", BAD_CONFIG);
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
    this.#writer.write(bytes.slice()).then(
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
