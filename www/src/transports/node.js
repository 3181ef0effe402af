// TCP, TLS and Unix sockets by `node:net` and `node:tls`: Node and Deno, and what dials in Bun.

import { Buffer } from "node:buffer";
import { connect as connectNet } from "node:net";
import { connect as connectTls } from "node:tls";
import { joined, lengthOf, linger } from "./channel.js";

/** Dials `{ host, port, path, tls }`; `tls` is `false`, or options of `tls.connect`. */
export function tcp(address, { signal }) {
  const reader = address.tls ? null : new Reader();
  return dial(address, signal, { onread: reader }, (socket) => new NodeChannel(socket, reader));
}

/** The same, with `options` for sockets without TLS; gives what `channelOf` makes of the socket. */
export function dial({ host, port, family, path, tls }, signal, options, channelOf) {
  return new Promise((resolve, reject) => {
    const where = path === undefined ? { host, port, family } : { path };
    const name = host && !isAddress(host) ? { servername: host } : {};
    const socket = tls ? connectTls({ ...where, ...name, ...tls }) : connectNet({ ...where, ...options });
    const abort = () => fail(signal.reason);
    const done = () => {
      signal.removeEventListener("abort", abort);
      socket.off("error", fail);
    };
    const fail = (error) => {
      done();
      // One that is being destroyed may still tell of an error.
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
/** Alerts of TLS as OpenSSL, BoringSSL and rustls name them; the last may be about a cipher. */
const ALERTS = [
  [/alert.*certificate.?required/i, "the server wants a client's certificate: tls: { cert, key }", true],
  [new RegExp(`alert.*(${BAD})`, "i"), "the server does not accept the client's certificate (tls: { cert, key })", true],
  [/alert.*handshake.?failure/i, "the server ended the TLS handshake: it wants a client's certificate (tls: { cert, key }), or shares no cipher", false],
];

/**
 * What an error of TLS says, where it is about the client's certificate: its own text is a line of numbers. `isAuth`: it
 * is about nothing else.
 */
export function inWords(error) {
  const text = `${error?.code} ${error?.message}`;
  const [, message, isAuth] = ALERTS.find(([alert]) => alert.test(text)) ?? [];
  return message ? Object.assign(new Error(message, { cause: error }), { isAuth }) : error;
}

/** Names of certificates are those of hosts: an address is not announced as one. */
function isAddress(host) {
  return host.includes(":") || /^[\d.]+$/.test(host);
}

/** Bytes that a socket may read at once. */
const ROOM = 64 << 10;

/** What a socket reads into, again and again; it allocates a buffer for each read otherwise. */
class Reader {
  buffer = Buffer.allocUnsafeSlow(ROOM);
  /** The same, of which a part is had faster than of a `Buffer`. */
  #bytes = new Uint8Array(this.buffer.buffer);
  #early = [];
  #onData = null;

  callback = (length) => {
    const bytes = this.#bytes.subarray(0, length);
    if (this.#onData) this.#onData(bytes, true);
    else this.#early.push(bytes.slice());
    return true;
  };

  /** From now on `onData` is told, also of what came before. */
  open(onData) {
    this.#onData = onData;
    for (const bytes of this.#early.splice(0)) onData(bytes);
  }
}

const { latin1Slice } = Buffer.prototype;
const SMALL = 512;
/** From so many bytes on, the copy that the socket is given is made in the place of the one before. */
const LARGE = 4 << 10;
/** What is kept for that, at most. */
const KEEP = 2 << 20;

export class NodeChannel {
  #socket;
  /** Written out, and free for the next write. */
  #spare = null;
  #reader;
  #ended = false;
  /** What broke it before `open`: with TLS 1.3 the server's alert may come together with the end of the handshake. */
  #early = null;

  constructor(socket, reader) {
    this.#socket = socket;
    this.#reader = reader;
    // An error with no listener would end the process.
    socket.on("error", (error) => (this.#early ??= error));
  }

  get buffered() {
    return this.#socket.writableLength;
  }

  write(bytes) {
    // A few cost least as text of as many letters; then come those from the runtime's pool.
    if (bytes.length <= SMALL) this.#socket.write(latin1Slice.call(bytes, 0, bytes.length), "latin1");
    else if (bytes.length < LARGE) this.#socket.write(Buffer.from(bytes));
    else this.writeParts([bytes]);
  }

  writeParts(parts) {
    const length = lengthOf(parts);
    let room = this.#spare;
    this.#spare = null;
    if (!room || room.length < length) room = Buffer.allocUnsafeSlow(length);
    joined(parts, room);
    this.#socket.write(room.subarray(0, length), () => {
      if (room.length <= KEEP) this.#spare = room;
    });
  }

  open(onData, onEnd) {
    const end = (error) => {
      if (this.#ended) return;
      this.#ended = true;
      onEnd(error ? inWords(error) : null);
    };
    this.#reader?.open(onData);
    // With TLS, and where a runtime knows no `onread`.
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
