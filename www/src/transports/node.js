// TCP, TLS and Unix sockets by `node:net` and `node:tls`: Node, Deno and Bun.

import { connect as connectNet } from "node:net";
import { connect as connectTls } from "node:tls";

/** Dials `{ host, port, path, tls }`; `tls` is `false`, or options of `tls.connect`. */
export function tcp({ host, port, path, tls }, { signal }) {
  return new Promise((resolve, reject) => {
    const where = path === undefined ? { host, port } : { path };
    const name = host && !isAddress(host) ? { servername: host } : {};
    const socket = tls ? connectTls({ ...where, ...name, ...tls }) : connectNet(where);
    const abort = () => socket.destroy();
    signal.addEventListener("abort", abort, { once: true });
    socket.once("error", reject);
    socket.once(tls ? "secureConnect" : "connect", () => {
      signal.removeEventListener("abort", abort);
      socket.off("error", reject);
      socket.setNoDelay?.(true);
      socket.setKeepAlive?.(true, 60_000);
      resolve(new NodeChannel(socket));
    });
  });
}

/** Names of certificates are those of hosts: an address is not announced as one. */
function isAddress(host) {
  return host.includes(":") || /^[\d.]+$/.test(host);
}

class NodeChannel {
  #socket;
  #ended = false;

  constructor(socket) {
    this.#socket = socket;
    // Until `open`: an error with no listener would end the process.
    socket.on("error", () => {});
  }

  get buffered() {
    return this.#socket.writableLength;
  }

  write(bytes) {
    this.#socket.write(bytes);
  }

  open(onData, onEnd) {
    const end = (error) => {
      if (this.#ended) return;
      this.#ended = true;
      onEnd(error ?? null);
    };
    this.#socket.on("data", onData);
    this.#socket.on("error", end);
    this.#socket.on("end", () => end(null));
    this.#socket.on("close", () => end(null));
  }

  close() {
    this.#ended = true;
    // What was written is sent before the end.
    this.#socket.end();
    this.#socket.destroySoon?.();
  }
}
