// TCP and TLS by `connect()` of `cloudflare:sockets`: workerd and Cloudflare Workers.

import { connect } from "cloudflare:sockets";

/** Dials `{ host, port, tls }`; `tls` is `false` or `{}`: the runtime checks certificates by itself. */
export async function tcp({ host, port, path, tls }) {
  if (path !== undefined) throw new Error("this runtime has no Unix sockets");
  const unknown = tls ? Object.keys(tls) : [];
  if (unknown.length > 0) {
    throw new TypeError(`tls: this runtime takes no options of TLS (${unknown.join(", ")})`);
  }
  const options = { secureTransport: tls ? "on" : "off", allowHalfOpen: false };
  const socket = connect({ hostname: host, port }, options);
  await socket.opened;
  return socket;
}
