// TCP and TLS by `connect()` of `cloudflare:sockets`: workerd and Cloudflare Workers.

import { connect } from "cloudflare:sockets";
import { BAD_CONFIG, mistake } from "../errors.js";

/** Dials `{ host, port, tls }`; `tls` is `false` or `{}`: the runtime checks certificates by itself. */
export async function tcp({ host, port, path, tls }, { signal }) {
  if (path !== undefined) throw new Error("this runtime has no Unix sockets");
  const unknown = tls ? Object.keys(tls) : [];
  if (unknown.length > 0) {
    throw mistake(`tls: this runtime takes no options of TLS (${unknown.join(", ")})`, BAD_CONFIG);
  }
  const options = { secureTransport: tls ? "starttls" : "off", allowHalfOpen: false };
  const socket = connect({ hostname: host, port }, options);
  // What is aborted fails by being closed.
  const abort = () => socket.close().catch(() => {});
  signal.addEventListener("abort", abort, { once: true });
  try {
    await socket.opened;
    return tls ? await startTls(socket) : socket;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** In two steps, because the runtime's error does not tell which of them failed, nor why. */
async function startTls(socket) {
  const secure = socket.startTls();
  try {
    await secure.opened;
  } catch (cause) {
    throw new Error(`TLS failed; is the certificate trusted, and for this name? (${cause.message})`, { cause });
  }
  return secure;
}
