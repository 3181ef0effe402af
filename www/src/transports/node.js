// TCP, TLS and Unix sockets by `node:net` and `node:tls`: Node and Deno, and what dials in Bun.

/** @import { Socket } from "node:net" */
/** @import { Address } from "../index.js" */
/** @import { Channel, OnData, OnEnd, Unknown } from "../internal.js" */

import { Buffer } from "node:buffer";
import { connect as connectNet } from "node:net";
import { joined, lengthOf, linger } from "./channel.js";

/**
 * Dials `{ host, port, path, tls }`; `tls` is `false`, or options of `tls.connect`.
 * @param {Address} address
 * @param {{ signal: AbortSignal }} options
 */
export function tcp(address, { signal }) {
  const reader = address.tls ? null : new Reader();
  return dial(address, signal, { onread: reader }, (socket) => new NodeChannel(socket, reader));
}

/**
 * Dials, with `options` for sockets without TLS; returns what `channelOf` makes of the socket.
 * @template {Channel} C
 * @param {Address} address
 * @param {AbortSignal} signal
 * @param {object} options
 * @param {(socket: Socket) => C} channelOf
 * @returns {Promise<C>}
 */
export async function dial({ host, port, family, path, tls }, signal, options, channelOf) {
  // Node takes as long to load it as it takes for half of this package.
  const { connect: connectTls } = tls ? await import("node:tls") : { connect: null };
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    /** @type {Unknown} Options of either kind of socket. */
    const where = path === undefined ? { host, port, family } : { path };
    const name = host && !isAddress(host) ? { servername: host } : {};
    const socket = connectTls ? connectTls({ ...where, ...name, ...tls }) : connectNet({ ...where, ...options });
    const abort = () => fail(signal.reason);
    const done = () => {
      signal.removeEventListener("abort", abort);
      socket.off("error", fail);
    };
    const fail = (/** @type {unknown} */ error) => {
      done();
      // A socket that is being destroyed may still emit an error.
      socket.on("error", () => {});
      socket.destroy();
      reject(inWords(error));
    };
    signal.addEventListener("abort", abort, { once: true });
    socket.on("error", fail);
    socket.once(tls ? "secureConnect" : "connect", () => {
      done();
      socket.setNoDelay?.(true);
      socket.setKeepAlive?.(true, 60_000);
      resolve(channelOf(socket));
    });
  });
}

const BAD = "bad.?certificate|certificate.?(unknown|expired|revoked)|unsupported.?certificate|unknown.?ca\\b";
/**
 * TLS alerts as OpenSSL, BoringSSL and rustls name them; the last may be about a cipher.
 * @type {[alert: RegExp, message: string, isAuth: boolean][]}
 */
const ALERTS = [
  [/alert.*certificate.?required/i, "the server wants a client's certificate: tls: { cert, key }", true],
  [new RegExp(`alert.*(${BAD})`, "i"), "the server does not accept the client's certificate (tls: { cert, key })", true],
  [/alert.*handshake.?failure/i, "the server ended the TLS handshake: it wants a client's certificate (tls: { cert, key }), or shares no cipher", false],
];

/**
 * Explains a TLS error that is about the client's certificate: its own text is a line of numbers. `isAuth`: nothing
 * else can be the cause.
 * @param {Unknown} error
 * @returns {Unknown}
 */
export function inWords(error) {
  const text = `${error?.code} ${error?.message}`;
  const [, message, isAuth] = ALERTS.find(([alert]) => alert.test(text)) ?? [];
  return message ? Object.assign(new Error(message, { cause: error }), { isAuth }) : error;
}

/** Whether a host is an address: TLS announces only names. @param {string} host */
function isAddress(host) {
  return host.includes(":") || /^[\d.]+$/.test(host);
}

/** Bytes that a socket may read at once. */
const ROOM = 64 << 10;

/** One buffer for all reads of a socket, which otherwise allocates one for each. */
class Reader {
  buffer = Buffer.allocUnsafeSlow(ROOM);
  /** The same bytes: a part of a `Uint8Array` is made faster than a part of a `Buffer`. */
  #bytes = new Uint8Array(this.buffer.buffer);
  /** @type {Uint8Array[]} */
  #early = [];
  /** @type {OnData | null} */
  #onData = null;

  callback = (/** @type {number} */ length) => {
    const bytes = this.#bytes.subarray(0, length);
    if (this.#onData) this.#onData(bytes, true);
    else this.#early.push(bytes.slice());
    return true;
  };

  /** Calls `onData` from now on, first with what came before. @param {OnData} onData */
  open(onData) {
    this.#onData = onData;
    for (const bytes of this.#early.splice(0)) onData(bytes);
  }
}

const { latin1Slice } = /** @type {Unknown} */ (Buffer.prototype);
const SMALL = 512;
/** From this size on, a write is copied into the buffer of an earlier write. */
const LARGE = 4 << 10;
/** The largest buffer that is kept for that. */
const KEEP = 2 << 20;

export class NodeChannel {
  #socket;
  /** @type {Buffer | null} A buffer that was written out. */
  #spare = null;
  #reader;
  #ended = false;
  /** @type {unknown} An error before `open`: with TLS 1.3, the server's alert may come with the end of the handshake. */
  #early = null;

  /** @param {Socket} socket @param {Reader | null} reader */
  constructor(socket, reader) {
    this.#socket = socket;
    this.#reader = reader;
    // An error without a listener would end the process.
    socket.on("error", (error) => (this.#early ??= error));
  }

  get buffered() {
    return this.#socket.writableLength;
  }

  /** Whether the process stays alive for it. @param {boolean} keeps */
  hold(keeps) {
    if (keeps) this.#socket.ref();
    else this.#socket.unref();
  }

  /** @param {Uint8Array} bytes */
  write(bytes) {
    // A few bytes are written fastest as a text; more of them as a buffer of the runtime's pool.
    if (bytes.length <= SMALL) this.#socket.write(latin1Slice.call(bytes, 0, bytes.length), "latin1");
    else if (bytes.length < LARGE) this.#socket.write(Buffer.from(bytes));
    else this.writeParts([bytes]);
  }

  /** @param {Uint8Array[]} parts */
  writeParts(parts) {
    const length = lengthOf(parts);
    let room = this.#spare;
    this.#spare = null;
    if (!room || room.length < length) room = Buffer.allocUnsafeSlow(length);
    const filled = joined(parts, room);
    this.#socket.write(filled.subarray(0, length), () => {
      if (filled.length <= KEEP) this.#spare = filled;
    });
  }

  /** @param {OnData} onData @param {OnEnd} onEnd */
  open(onData, onEnd) {
    const end = (/** @type {unknown} */ error) => {
      if (this.#ended) return;
      this.#ended = true;
      onEnd(error ? inWords(error) : null);
    };
    this.#reader?.open(onData);
    // For TLS, and for runtimes without `onread`.
    this.#socket.on("data", (bytes) => onData(bytes));
    this.#socket.on("error", end);
    if (this.#early) end(this.#early);
    this.#socket.on("end", () => end(null));
    this.#socket.on("close", () => end(null));
  }

  close() {
    this.#ended = true;
    if (this.#socket.destroyed) return;
    this.#socket.once("close", linger(() => this.destroy()));
    // What was written is sent before the end.
    this.#socket.end();
    this.#socket.destroySoon?.();
  }

  destroy() {
    this.#ended = true;
    this.#socket.destroy();
  }
}
