// The life of a page: while it is offline or in the back/forward cache, dialling is useless; when it is back, the
// client dials at once.

/** @import { AnyTransport, Channel, Delay, OnEnd, Unknown } from "./internal.js" */

/**
 * Ends the open channels of this page.
 * @type {Set<() => void>}
 */
const channels = new Set();
/**
 * Resolves when the page is online and shown; `null` while it is.
 * @type {Promise<void> | null}
 */
let gate = null;
/** @type {(() => void) | null} */
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

// Workers get `online` too. Other runtimes send none of these events.
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
 * A reconnect policy for a page: while dialling is useless, the next attempt is due at once and waits in the
 * transport, so that no attempt sleeps when the page is back. Attempts that failed there do not count.
 * @param {Delay} reconnect
 * @returns {Delay}
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

/**
 * A transport that waits until the page is online and shown, and whose channels end when the page is left.
 * @param {AnyTransport} transport
 * @returns {AnyTransport}
 */
export function gated(transport) {
  if (globalThis.document === undefined && globalThis.navigator?.onLine === undefined) return transport;
  return async (address, { signal }) => {
    const aborted = new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    aborted.catch(() => {});
    while (gate) await Promise.race([gate, aborted]);
    /** @type {Unknown} Only the channels of this package can be watched. */
    const channel = await transport(address, { signal });
    if (globalThis.document === undefined || typeof channel.open !== "function") return channel;
    return watched(channel);
  };
}

/** @param {Channel} channel */
function watched(channel) {
  /** @type {() => void} */
  let leave;
  const forget = () => channels.delete(leave);
  const { open } = channel;
  channel.open = function (onData, onEnd) {
    /** @type {OnEnd} */
    const end = (error) => {
      forget();
      onEnd(error);
    };
    leave = () => end(new Error("the page was left or hidden"));
    channels.add(leave);
    open.call(channel, onData, end);
  };
  // A channel that the client closes does not call `onEnd`.
  for (const name of /** @type {const} */ (["close", "destroy"])) {
    const shut = channel[name];
    if (typeof shut !== "function") continue;
    channel[name] = () => {
      forget();
      shut.call(channel);
    };
  }
  return channel;
}
