// Reads what a URL says about where to connect.

/** @import { Address } from "./index.js" */
/** @import { EngineOptions } from "./internal.js" */

import { BAD_CONFIG, mistake } from "./errors.js";

const SCHEMES = "redis:, rediss:, unix:, ws: or wss:";

/**
 * Reads a URL. Returns either `{ webSocket }`, or `{ socket, options }`: what to dial and the options
 * that the URL holds (`username`, `password`, `database`).
 * @param {string | URL} url
 * @param {unknown} tls
 * @returns {{ webSocket?: string, socket?: Address, shown?: string, options?: EngineOptions }}
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
      throw fault(`url: the scheme ${target.protocol} is not supported (expected ${SCHEMES})`);
  }
}

/**
 * @param {URL} target
 * @param {unknown} tls
 */
function webSocket(target, tls) {
  if (tls !== undefined) throw fault("tls: not with a WebSocket's URL, whose scheme decides (wss:)");
  return { webSocket: target.href };
}

/**
 * @param {URL} target
 * @param {unknown} tls
 * @param {string} text
 */
function socket(target, tls, text) {
  const unix = target.protocol === "unix:";
  if (tls !== undefined && tls !== true && tls !== false && (typeof tls !== "object" || tls === null)) {
    throw fault("tls: expected true, false, or an object of options");
  }
  if (target.protocol === "rediss:" && tls === false) {
    throw fault("tls: false contradicts rediss:");
  }
  if (target.hash) throw fault("url: a fragment is not allowed (write a # in a password as %23; certificates are checked unless tls says otherwise)");
  const secure = target.protocol === "rediss:" || (tls !== undefined && tls !== false);
  /** @type {EngineOptions} */
  const options = {};
  if (target.username) options.username = decoded("username", target.username);
  if (target.password) options.password = decoded("password", target.password);
  // `user:@host` has an empty password.
  else if (target.username && /^[a-z]+:\/\/[^/?#@]*:@/i.test(text)) options.password = "";
  const path = decoded("path", target.pathname);
  const database = unix ? "" : path.slice(1).replace(/\/$/, "");
  if (database !== "") {
    if (!/^\d+$/.test(database)) throw fault("url: the path is not a database (expected a whole number)");
    options.database = Number(database);
  }
  /** @type {Address} */
  const dial = unix
    ? { path }
    : { host: target.hostname.replace(/^\[|\]$/g, "") || "localhost", port: Number(target.port || 6379) };
  for (const [name, value] of target.searchParams) {
    if (name === "db") options.database = Number(value || NaN);
    else if (name === "family" && !unix) dial.family = family(value);
    else throw fault(`url: ${name} is not a parameter (expected ${unix ? "db" : "db or family"})`);
  }
  dial.tls = secure ? (typeof tls === "object" ? tls : {}) : false;
  const shown = unix ? `unix:${path}` : `${secure ? "rediss" : "redis"}://${target.hostname || "localhost"}:${dial.port}`;
  return { socket: dial, shown, options };
}

/** The version of IP as `net.connect` takes it; 0 means either. @param {string} text */
function family(text) {
  if (!/^[046]$/.test(text)) throw fault("url: family: expected 4, 6, or 0 for both");
  return Number(text);
}

/** @param {string} message */
function fault(message) {
  return mistake(message, BAD_CONFIG);
}

/**
 * @param {string} what
 * @param {string} text
 */
function decoded(what, text) {
  try {
    return decodeURIComponent(text);
  } catch {
    throw fault(`url: the ${what} is not percent-encoded correctly`);
  }
}
