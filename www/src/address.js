// Where to connect to: what a URL says.

import { BAD_CONFIG, mistake } from "./errors.js";

const SCHEMES = "redis:, rediss:, unix:, ws: or wss:";

/**
 * Reads a URL. Gives either `{ webSocket }`, or `{ socket, options }`: what to dial and the options
 * that the URL holds (`username`, `password`, `database`).
 */
export function readAddress(url, tls) {
  const base = globalThis.location?.href;
  let target;
  try {
    target = new URL(url, base);
  } catch {
    // The URL may hold a token or a password: it is not repeated.
    throw fault(`url: not a URL (expected ${SCHEMES}, or a path on this page's host)`);
  }
  switch (target.protocol) {
    case "http:":
      target.protocol = "ws:";
      return webSocket(target, tls);
    case "https:":
      target.protocol = "wss:";
      return webSocket(target, tls);
    case "ws:":
    case "wss:":
      return webSocket(target, tls);
    case "redis:":
    case "rediss:":
    case "unix:":
      return socket(target, tls, String(url));
    default:
      throw fault(`url: ${target.protocol} is not a scheme of it (expected ${SCHEMES})`);
  }
}

function webSocket(target, tls) {
  if (tls !== undefined) throw fault("tls: a WebSocket's URL says it (wss:)");
  return { webSocket: target.href };
}

function socket(target, tls, text) {
  const unix = target.protocol === "unix:";
  if (tls !== undefined && tls !== true && tls !== false && (typeof tls !== "object" || tls === null)) {
    throw fault("tls: expected true, false, or an object of options");
  }
  if (target.protocol === "rediss:" && tls === false) {
    throw fault("tls: false contradicts rediss:");
  }
  if (target.hash) throw fault("url: it takes no fragment (a # in a password is written %23; certificates are checked unless tls says otherwise)");
  const secure = target.protocol === "rediss:" || (tls !== undefined && tls !== false);
  const options = {};
  if (target.username) options.username = decoded("username", target.username);
  if (target.password) options.password = decoded("password", target.password);
  // `user:@host` gives a password, which is empty.
  else if (target.username && /^[a-z]+:\/\/[^/?#@]*:@/i.test(text)) options.password = "";
  const path = decoded("path", target.pathname);
  const database = unix ? "" : path.slice(1).replace(/\/$/, "");
  if (database !== "") {
    if (!/^\d+$/.test(database)) throw fault("url: the path is not a database (expected a whole number)");
    options.database = Number(database);
  }
  const dial = unix
    ? { path }
    : { host: target.hostname.replace(/^\[|\]$/g, "") || "localhost", port: Number(target.port || 6379) };
  for (const [name, value] of target.searchParams) {
    if (name === "db") options.database = Number(value || NaN);
    else if (name === "family" && !unix) dial.family = family(value);
    else throw fault(`url: ${name} is no parameter of it (expected ${unix ? "db" : "db or family"})`);
  }
  dial.tls = secure ? (typeof tls === "object" ? tls : {}) : false;
  const shown = unix ? `unix:${path}` : `${secure ? "rediss" : "redis"}://${target.hostname || "localhost"}:${dial.port}`;
  return { socket: dial, shown, options };
}

/** The version of IP, as `net.connect` takes it: 0 is either. */
function family(text) {
  if (!/^[046]$/.test(text)) throw fault("url: family is 4, 6, or 0 for both");
  return Number(text);
}

function fault(message) {
  return mistake(message, BAD_CONFIG);
}

function decoded(what, text) {
  try {
    return decodeURIComponent(text);
  } catch {
    throw fault(`url: the ${what} is not percent-encoded as it must be`);
  }
}
