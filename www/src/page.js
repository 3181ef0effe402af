// The life of a page: there is no use in dialling while it is offline or put away, and it should
// be done at once when it is back.

/** Channels of this page that are open. */
const channels = new Set();
/** Resolves when the page is online and shown. */
let gate = null;
let open = null;
let hidden = false;

function shut() {
  gate ??= new Promise((resolve) => (open = resolve));
}

function look() {
  if (hidden || globalThis.navigator?.onLine === false) return shut();
  open?.();
  gate = open = null;
}

// Workers hear of `online` too; other runtimes of nothing, which is harmless.
if (typeof globalThis.addEventListener === "function" && globalThis.navigator !== undefined) {
  globalThis.addEventListener("online", look);
  globalThis.addEventListener("offline", look);
  if (globalThis.document !== undefined) {
    globalThis.addEventListener("pagehide", () => {
      hidden = true;
      shut();
      // An open WebSocket keeps the page out of the back/forward cache.
      for (const leave of [...channels]) leave();
    });
    globalThis.addEventListener("pageshow", () => {
      hidden = false;
      look();
    });
  }
}

/**
 * A reconnect policy for a page: while there is no use in dialling, the next attempt is due at once and
 * waits in the transport, so that none sleeps when the page is back. Those that failed there do not count.
 */
export function patient(reconnect) {
  let idle = 0;
  return (outage, threw) => {
    if (outage.attempt <= idle) idle = 0;
    if (!gate) return reconnect({ ...outage, attempt: outage.attempt - idle }, threw);
    idle = outage.attempt;
    return 0;
  };
}

/** A transport that waits until the page is online and shown, and is left when it is put away. */
export function gated(transport) {
  if (globalThis.document === undefined && globalThis.navigator?.onLine === undefined) return transport;
  return async (address, { signal }) => {
    const aborted = new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    aborted.catch(() => {});
    while (gate) await Promise.race([gate, aborted]);
    const channel = await transport(address, { signal });
    if (globalThis.document === undefined || typeof channel.open !== "function") return channel;
    return watched(channel);
  };
}

function watched(channel) {
  let leave = null;
  const forget = () => channels.delete(leave);
  const { open } = channel;
  channel.open = function (onData, onEnd) {
    const end = (error) => {
      forget();
      onEnd(error);
    };
    leave = () => end(new Error("the page was put away"));
    channels.add(leave);
    open.call(channel, onData, end);
  };
  // What is closed tells of no end.
  for (const name of ["close", "destroy"]) {
    const shut = channel[name];
    if (typeof shut !== "function") continue;
    channel[name] = () => {
      forget();
      shut.call(channel);
    };
  }
  return channel;
}
