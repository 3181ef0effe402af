// `connect`, `connectGroup` and `load` of the build for servers.

/** @import { AnyTransport, EngineOptions, Unknown } from "../internal.js" */
/** @import { Entry } from "../connect.js" */
/** @import { Target } from "./dialer.js" */
/** @import { Channels } from "./tracing.js" */
/** @typedef {{ name: string, weight: number, settings: [string, string][] }} Member */

import * as glue from "../../pkg/redmux_server.js";
import { BAD_CONFIG, mistake } from "../errors.js";
import { loader } from "../loader.js";
import { gated, patient } from "../page.js";
import { policy } from "../reconnect.js";
import { webSocket as overWebSocket } from "../transports/websocket.js";
import { describe, isPlain } from "../values.js";
import { readPlace } from "./address.js";
import { ServerClient } from "./client.js";
import { ServerEngine } from "./engine.js";
import { refuseForeign } from "./habits.js";
import { ServerInstance } from "./instance.js";
import { creators } from "./node-redis.js";
import { Replies } from "./replies.js";
import { retryText, takeGroupSettings, takeSettings } from "./settings.js";
import { useChannels } from "./tracing.js";

/**
 * Makes what an entry exports: see `entry` in ../connect.js. `channels` is `node:diagnostics_channel`.
 * @param {Entry & { channels?: Channels }} entry
 */
export function serverEntry({ wasmFile, tcp = null, webSocket = null, channels }) {
  useChannels(channels);
  const load = loader(glue, wasmFile, ServerInstance);
  const sockets = overWebSocket(async () => globalThis.WebSocket ?? (await webSocket?.()));

  /**
   * @param {Unknown} given The options of the program.
   * @param {{ settings: [string, string][], options: Record<string, Unknown>, shown: string }} place
   * @param {Member[]} members
   * @param {(options: Unknown) => Promise<ServerClient>} again
   */
  async function open({ wasm, transport, tls, reconnect, signal, stack, credentials, retry, lazyConnect, replies, endpointMap, ...given }, { settings, options, shown }, members, again) {
    for (const [name, value] of [["transport", transport], ["reconnect", reconnect], ["credentials", credentials]]) {
      if (value !== undefined && typeof value !== "function") throw mistake(`${name}: expected a function`, BAD_CONFIG);
    }
    for (const [name, value] of [["stack", stack], ["lazyConnect", lazyConnect]]) {
      if (value !== undefined && typeof value !== "boolean") throw mistake(`${name}: expected true or false`, BAD_CONFIG);
    }
    if (tls !== undefined && typeof tls !== "boolean" && !isPlain(tls)) throw mistake("tls: expected true, false, or an object of options", BAD_CONFIG);
    const map = typeof endpointMap === "function" ? endpointMap : null;
    if (endpointMap !== undefined && !map && !isPlain(endpointMap)) throw mistake("endpointMap: expected an object of addresses, or a function", BAD_CONFIG);
    // An option that is undefined does not replace what the URL says.
    refuseForeign(given);
    const said = Object.fromEntries(Object.entries(map ? given : { ...given, endpointMap }).filter(([, value]) => value !== undefined));
    const { family, ...all } = { ...options, ...said };
    const { settings: own, rest } = takeSettings(all);
    const reading = replies === undefined ? null : new Replies("replies", replies, rest.bigint === true);
    const reach = (/** @type {Target} */ { host, port, path, url, tls: secure, servername }) => {
      // The wasm side is calling: nothing may be thrown.
      const over = transport ?? (url === undefined ? tcp ?? noSockets : sockets);
      const options = secure ? { ...(isPlain(tls) ? tls : {}), ...(servername ? { servername } : {}) } : false;
      return { transport: counted(gated(map && url === undefined ? mapped(over, map) : over), engine), address: /** @type {Unknown} */ (url === undefined ? { host, port, path, family, tls: options } : { url }) };
    };
    const dial = { reach, endpoint: shown, delay: patient(policy(reconnect)), transport: /** @type {Unknown} */ (null), address: {} };
    if (credentials) own.push(["credentials", ""]);
    /** @type {[string, string][]} */
    const steps = retry === undefined ? [] : [["retry", retryText(retry)]];
    /** @type {ServerEngine} */
    const engine = new ServerEngine(/** @type {ServerInstance} */ (await load(wasm)), dial, /** @type {EngineOptions} */ (rest), [...settings, ...own], members, { credentials, stack });
    if (lazyConnect) engine.openLater();
    else await engine.open(signal);
    return ServerClient._of(engine, undefined, steps, again, reading);
  }

  /**
   * @param {Unknown} url
   * @param {Unknown} [options]
   * @returns {Promise<ServerClient>}
   */
  async function connect(url, options = {}) {
    const again = (/** @type {Unknown} */ others) => connect(url, { ...options, ...others });
    return open(options, place(url, options.tls), [], again);
  }

  /**
   * @param {Unknown} members
   * @param {Unknown} [options]
   * @returns {Promise<ServerClient>}
   */
  async function connectGroup(members, options = {}) {
    if (!Array.isArray(members) || members.length === 0) throw mistake("connectGroup: expected an array of members", BAD_CONFIG);
    const read = members.map((one, at) => member(one, at, options.tls));
    const { settings, rest } = takeGroupSettings(options);
    if (rest.abortOnConnectFail !== undefined) settings.push(["group.abortOnConnectFail", String(rest.abortOnConnectFail)]);
    const shown = read.map(({ name }) => name).join(",");
    const again = (/** @type {Unknown} */ others) => connectGroup(members, { ...options, ...others });
    return open(rest, { settings, options: {}, shown }, read, again);
  }

  return { connect, connectGroup, load, ...creators(connect) };
}

async function noSockets() {
  throw mistake("url: this runtime opens no sockets: connect to a gateway (ws: or wss:), or give a transport", BAD_CONFIG);
}

/**
 * A transport that asks the program where to dial.
 * @param {AnyTransport} transport
 * @param {(host: string, port: number) => Unknown} map
 * @returns {AnyTransport}
 */
function mapped(transport, map) {
  return async (address, options) => {
    const { host, port } = address;
    // A Unix socket has neither.
    if (host === undefined || port === undefined) return transport(address, options);
    const to = (await map(host, port)) ?? {};
    if (!isPlain(to)) throw mistake(`endpointMap: the program gave ${describe(to)} (expected { host, port })`);
    const { host: name = host, port: number = port } = to;
    if (typeof name !== "string" || name === "") throw mistake(`endpointMap: host: the program gave ${describe(name)} (expected a string)`);
    if (!(Number.isInteger(number) && number > 0 && number < 65536)) throw mistake("endpointMap: port: expected a whole number from 1 to 65535");
    return transport({ ...address, host: name, port: number }, options);
  };
}

/**
 * A transport whose channels keep the process alive only while the client does.
 * @param {AnyTransport} transport
 * @param {ServerEngine} engine
 * @returns {AnyTransport}
 */
function counted(transport, engine) {
  return async (address, options) => {
    const channel = await transport(address, options);
    engine.keep(channel);
    return channel;
  };
}

/** @param {Unknown} url @param {Unknown} tls */
function place(url, tls) {
  const { endpoints, text, options, secure, shown } = readPlace(url, tls);
  /** @type {[string, string][]} */
  const settings = text === undefined ? endpoints.map((endpoint) => ["endpoint", endpoint]) : [["url", text]];
  if (secure) settings.push(["ssl", "true"]);
  return { settings, options, shown };
}

const OF_URL = ["username", "password", "database"];

/** @param {Unknown} given @param {number} at @param {Unknown} tls @returns {Member} */
function member(given, at, tls) {
  if (!isPlain(given)) throw mistake(`connectGroup: member ${at}: ${describe(given)} (expected { name, url, weight })`, BAD_CONFIG);
  const { name, url, weight = 1, ...others } = /** @type {Unknown} */ (given);
  if (typeof name !== "string") throw mistake(`connectGroup: member ${at}: name: expected a string`, BAD_CONFIG);
  if (!(typeof weight === "number" && weight >= 0)) throw mistake(`connectGroup: ${name}: weight: expected a number, 0 or more`, BAD_CONFIG);
  const { settings, options } = place(url, tls);
  const { settings: own, rest } = takeSettings({ ...options, ...others });
  for (const [option, value] of Object.entries(rest)) {
    if (!OF_URL.includes(option)) throw mistake(`connectGroup: ${name}: ${option} is not an option of a member`, BAD_CONFIG);
    own.push([option, String(value)]);
  }
  return { name, weight, settings: [...settings, ...own] };
}
