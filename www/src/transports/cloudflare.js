// TCP and TLS by `connect()` of `cloudflare:sockets`: workerd and Cloudflare Workers.

/** @import { Address } from "../index.js" */

import { connect } from "cloudflare:sockets";
import { BAD_CONFIG, mistake } from "../errors.js";

/**
 * Dials `{ host, port, tls }`; `tls` is `false` or `{}`: the runtime checks certificates by itself.
 * @param {Address} address
 * @param {{ signal: AbortSignal }} options
 */
export async function tcp({ host, port, path, tls }, { signal }) {
  if (path !== undefined) throw new Error("this runtime has no Unix sockets");
  const unknown = tls ? Object.keys(tls) : [];
  if (unknown.length > 0) {
    throw mistake(`tls: this runtime takes no TLS options (${unknown.join(", ")})`, BAD_CONFIG);
  }
  /** @type {Parameters<typeof connect>[1]} */
  const options = { secureTransport: tls ? "starttls" : "off", allowHalfOpen: false };
  const socket = connect({ hostname: host, port }, options);
  // Closing the socket makes the connect fail.
  const abort = () => socket.close().catch(() => {});
  signal.addEventListener("abort", abort, { once: true });
  try {
    await socket.opened;
    return tls ? await startTls(socket) : socket;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/**
 * Starts TLS on a connected socket: in one step, the runtime's error would not say what failed.
 * @param {ReturnType<typeof connect>} socket
 */
async function startTls(socket) {
  const secure = socket.startTls();
  try {
    await secure.opened;
  } catch (error) {
    const cause = /** @type {Error} */ (error);
    throw new Error(`TLS failed; is the certificate trusted, and for this name? (${cause.message})`, { cause });
  }
  return secure;
}
