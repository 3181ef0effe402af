// Reads where a client on a server connects to: one URL, several, a connection string, or the members of a group.

/** @import { Unknown } from "../internal.js" */
/** @typedef {{ endpoints: string[], text?: string, options: Record<string, Unknown>, secure: boolean, shown: string }} Place */

import { readAddress } from "../address.js";
import { BAD_CONFIG, mistake } from "../errors.js";
import { describe, isPlain } from "../values.js";

/**
 * Either `text`, which the wasm side reads (a URL of several servers, or a connection string), or `endpoints`, and the options
 * that the URL holds.
 * @param {Unknown} given
 * @param {Unknown} tls
 * @returns {Place}
 */
export function readPlace(given, tls) {
  if (Array.isArray(given)) {
    if (given.length === 0) throw fault("url: the array is empty");
    const all = given.map((one) => {
      const place = readPlace(one, tls);
      if (place.text === undefined) return place;
      if (/[,=]|:\/\//.test(place.text)) throw fault("url: an array holds one server each (expected host:port, or a URL)");
      return { ...place, endpoints: [place.text] };
    });
    const secure = all.some((one) => one.secure);
    if (secure && !all.every((one) => one.secure)) throw fault("url: some of these are encrypted and some are not");
    const shown = all.map((one) => one.shown).join(",");
    return { endpoints: all.flatMap((one) => one.endpoints), options: Object.assign({}, ...all.map((one) => one.options)), secure, shown };
  }
  if (isPlain(given)) return ofObject(/** @type {Unknown} */ (given), tls);
  if (typeof given !== "string" && !(given instanceof URL)) {
    throw fault(`url: ${describe(given)} (expected a URL, host:port, a connection string, or an array of servers)`);
  }
  const text = String(given);
  if (isForCore(text)) return { endpoints: [], text, options: {}, secure: isWanted(tls), shown: shownOf(text) };
  const { webSocket, socket, shown, options = {} } = readAddress(text, tls);
  if (webSocket !== undefined) return { endpoints: [webSocket], options, secure: false, shown: webSocket.replace(/[?#].*$/, "") };
  const { path, host, port, family, tls: secure } = /** @type {Unknown} */ (socket);
  const endpoint = path === undefined ? joined(host, port) : `unix:${path}`;
  return { endpoints: [endpoint], options: family ? { ...options, family } : options, secure: secure !== false, shown: shown ?? endpoint };
}

/** @param {{ host?: string, port?: number, path?: string }} given @param {Unknown} tls @returns {Place} */
function ofObject({ host = "localhost", port = 6379, path, ...others }, tls) {
  if ("url" in others) throw fault("url: the URL is the first argument: connect(url, options); or createClient({ url })");
  for (const name of Object.keys(others)) throw fault(`url: ${name} does not belong to the address of a server (expected { host, port } or { path }; options are the second argument of connect)`);
  if (path !== undefined && typeof path !== "string") throw fault("url: path: expected a string");
  if (typeof host !== "string" || host === "") throw fault("url: host: expected a string");
  if (!(Number.isInteger(port) && port > 0 && port < 65536)) throw fault("url: port: expected a whole number from 1 to 65535");
  const endpoint = path === undefined ? joined(host, port) : `unix:${path}`;
  return { endpoints: [endpoint], options: {}, secure: isWanted(tls), shown: endpoint };
}

/**
 * Whether the wasm side reads it: URLs of several servers and of Sentinel and cluster, and texts without a scheme, which
 * are connection strings unless a page reads them as paths.
 * @param {string} text
 */
function isForCore(text) {
  const [, scheme, authority] = /^([a-z][a-z\d+.-]*):\/\/([^/?#]*)/i.exec(text) ?? [];
  if (scheme === undefined) return globalThis.location === undefined && !/^[a-z]+:[^\d]/i.test(text);
  if (/^wss?$|^https?$/i.test(scheme)) return false;
  return /[+-]|^valkeys?$/i.test(scheme) || authority.includes(",");
}

/** What errors may show of it: no user, no password, no options. @param {string} text */
function shownOf(text) {
  const [, scheme, rest] = /^([a-z+-]+:\/\/)?(.*)$/is.exec(text) ?? [];
  const servers = scheme ? rest.replace(/[/?#].*$/s, "").replace(/^.*@/s, "") : rest.split(",").filter((part) => !part.includes("=")).join(",");
  return `${scheme ?? ""}${servers}`;
}

/** @param {Unknown} tls */
function isWanted(tls) {
  return tls !== undefined && tls !== false;
}

/** @param {string} host @param {number} port */
function joined(host, port) {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** @param {string} message */
function fault(message) {
  return mistake(message, BAD_CONFIG);
}
