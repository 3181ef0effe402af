// `createClient` and its relatives, for programs with the habits of node-redis: what they are given becomes the arguments of
// `connect`. The clients are those of this package, before they are connected.

/** @import { Unknown } from "../internal.js" */
/** @typedef {Record<string, Unknown>} Options */
/** @typedef {(url: Unknown, options?: Options) => Promise<ServerClient>} Connect */
/** @typedef {[url: Unknown, options: Options]} Arguments Those of `connect`. */

import { BAD_CONFIG, mistake } from "../errors.js";
import { describe, isPlain } from "../values.js";
import { ServerClient } from "./client.js";
import { instead } from "./habits.js";

const INSPECT = Symbol.for("nodejs.util.inspect.custom");
const MAINTENANCE = /** @type {Options} */ ({ disabled: "off", enabled: "required", auto: "auto" });
/** Options that are called otherwise here, and what their values become. @type {Record<string, [name: string, become?: (value: Unknown) => Unknown]>} */
const RENAMED = {
  name: ["clientName"],
  RESP: ["protocol"],
  pingInterval: ["keepAlive"],
  disableClientInfo: ["libraryInfo", (value) => !value],
  clientInfoTag: ["libraryName"],
  disableOfflineQueue: ["backlog", (value) => (value ? "failFast" : undefined)],
  commandsQueueMaxLength: ["backlog", (commands) => ({ commands })],
  maintNotifications: ["maintenance", (value) => MAINTENANCE[value] ?? value],
  maintEndpointType: ["movingEndpoint"],
  maintRelaxedCommandTimeout: ["relaxedTimeout"],
};
/** Of sockets, which are always like that here. */
const GIVEN = ["noDelay", "keepAlive", "keepAliveInitialDelay"];

/**
 * The options of `createClient`, as arguments of `connect`.
 * @param {Options} given
 * @returns {Arguments}
 */
export function toArguments({ url, socket = {}, commandOptions = {}, modules, scripts, functions, ...given }) {
  if (!isPlain(socket)) throw mistake(`socket: ${describe(socket)} (expected an object)`, BAD_CONFIG);
  for (const [name, value] of Object.entries({ modules, scripts, functions })) {
    if (value !== undefined && Object.keys(value).length > 0) throw instead(name);
  }
  /** @type {Options} */
  const options = {};
  for (const [name, value] of Object.entries(given)) {
    const [own, become = (/** @type {Unknown} */ same) => same] = (Object.hasOwn(RENAMED, name) && RENAMED[name]) || [name];
    if (value !== undefined) options[own] = become(value);
  }
  const { timeout, ...others } = commandOptions;
  for (const name of Object.keys(others)) if (others[name] !== undefined && others[name] !== false) throw instead(`commandOptions.${name}`);
  if ("timeout" in commandOptions) options.commandTimeout = timeout || Infinity;
  return [url ?? placeOf(socket), { ...options, ...ofSocket(/** @type {Options} */ (socket)) }];
}

/** @param {Options} socket */
function placeOf({ host, port, path }) {
  return path === undefined ? { host: host ?? "localhost", port: port ?? 6379 } : { path };
}

/** @param {Options} socket @returns {Options} */
function ofSocket({ host, port, path, family, connectTimeout, reconnectStrategy, socketTimeout, tls, ...rest }) {
  if (socketTimeout !== undefined) throw instead("socket.socketTimeout");
  // What is left are options of TLS.
  const secure = Object.fromEntries(Object.entries(rest).filter(([name]) => !GIVEN.includes(name)));
  /** @type {Options} */
  const options = {};
  if (family !== undefined) options.family = family;
  if (connectTimeout !== undefined) options.connectTimeout = connectTimeout || Infinity;
  if (reconnectStrategy !== undefined) options.reconnect = strategy(reconnectStrategy);
  if (tls !== undefined || Object.keys(secure).length > 0) options.tls = tls === false ? false : secure;
  return options;
}

/** Attempts count from 0 there. @param {Unknown} given */
function strategy(given) {
  if (typeof given !== "function") return () => given;
  return (/** @type {{ attempt: number, error: Error | null }} */ { attempt, error }) => given(attempt - 1, error);
}

/** @param {Options} given @returns {Arguments} */
function ofCluster({ rootNodes, defaults = {}, useReplicas, nodeAddressMap, maxCommandRedirections, minimizeConnections, ...given }) {
  if (!Array.isArray(rootNodes)) throw mistake("rootNodes: expected an array of { url } or { socket: { host, port } }", BAD_CONFIG);
  const [, options] = toArguments({ ...given, ...defaults });
  if (useReplicas) options.readFrom = "preferReplica";
  return [rootNodes.map((node) => toArguments(node)[0]), { ...options, ...mapped(nodeAddressMap), mode: "cluster" }];
}

/** @param {Options} given @returns {Arguments} */
function ofSentinel(given) {
  const { name, sentinelRootNodes, nodeClientOptions = {}, sentinelClientOptions = {}, nodeAddressMap, replicaPoolSize = 0, ...rest } = given;
  const { masterPoolSize, maxCommandRediscovers, scanInterval, passthroughClientErrorEvents, reserveClient, ...others } = rest;
  if (!Array.isArray(sentinelRootNodes)) throw mistake("sentinelRootNodes: expected an array of { host, port }", BAD_CONFIG);
  const [, options] = toArguments({ ...others, ...nodeClientOptions });
  const { username, password, socket } = sentinelClientOptions;
  if (replicaPoolSize > 0) options.readFrom = "preferReplica";
  if (socket?.tls) options.sentinelTls = true;
  return [sentinelRootNodes, { ...options, ...mapped(nodeAddressMap), sentinelUsername: username, sentinelPassword: password, mode: "sentinel", serviceName: name }];
}

/** @param {Unknown} map @returns {Options} */
function mapped(map) {
  if (map === undefined) return {};
  if (typeof map === "function") return { endpointMap: (/** @type {string} */ host, /** @type {number} */ port) => map(`${host}:${port}`) };
  const pairs = Object.entries(map).map(([from, { host, port }]) => [from, `${host}:${port}`]);
  return pairs.length > 0 ? { endpointMap: Object.fromEntries(pairs) } : {};
}

/**
 * The functions that make clients, by this `connect`.
 * @param {Connect} connect
 */
export function creators(connect) {
  return {
    createClient: (/** @type {Options} */ options = {}) => unconnected(connect, toArguments, options),
    createCluster: (/** @type {Options} */ options = {}) => unconnected(connect, ofCluster, options),
    createSentinel: (/** @type {Options} */ options = {}) => unconnected(connect, ofSentinel, options),
    /** One connection serves the whole program: what a pool is for are leases. */
    createClientPool: (/** @type {Options} */ options = {}, { maximum, cleanupDelay } = /** @type {Options} */ ({})) =>
      unconnected(connect, toArguments, { ...options, maxLeased: maximum, leaseIdle: cleanupDelay }),
  };
}

/**
 * A client that is connected by `connect()`, and then is that which this package has.
 * @param {Connect} connect
 * @param {(options: Options) => Arguments} toConnect
 * @param {Options} options
 */
function unconnected(connect, toConnect, options) {
  const [url, given] = toConnect(options);
  /** @type {ServerClient | null} */
  let client = null;
  /** @type {Promise<unknown> | null} */
  let connecting = null;
  /** @type {["on" | "once" | "off", string, Unknown][]} */
  const listeners = [];
  /** Methods of the client, which has private fields. @type {Map<unknown, Unknown>} */
  const bound = new Map();

  const open = async () => {
    try {
      client = await connect(url, given);
    } catch (error) {
      for (const [method, event, listener] of listeners) if (event === "error" && method !== "off") listener(error);
      throw error;
    } finally {
      connecting = null;
    }
    for (const [method, event, listener] of listeners) client[method](/** @type {Unknown} */ (event), listener);
    return proxy;
  };
  const listen = (/** @type {"on" | "once" | "off"} */ method) => (/** @type {string} */ event, /** @type {Unknown} */ listener) => {
    listeners.push([method, event, listener]);
    return proxy;
  };
  /** What there is before the client is connected. @type {Record<string | symbol, Unknown>} */
  const before = {
    on: listen("on"),
    once: listen("once"),
    off: listen("off"),
    isReady: false,
    isOpen: false,
    isPubSubActive: false,
    disconnect: () => {},
    destroy: () => {},
    close: async () => {},
  };
  const always = {
    connect: () => (client ? client.connect().then(() => proxy) : (connecting ??= open())),
    duplicate: (/** @type {Options} */ others = {}) => unconnected(connect, toConnect, { ...options, ...others }),
  };

  // Node looks for this in the target.
  const target = Object.create(ServerClient.prototype, {
    [INSPECT]: { value: (/** @type {Unknown[]} */ ...args) => (client ? /** @type {Unknown} */ (client)[INSPECT](...args) : "Client (not connected)") },
  });
  const proxy = /** @type {Unknown} */ (
    new Proxy(target, {
      get(_, name) {
        if (Object.hasOwn(always, name)) return /** @type {Unknown} */ (always)[name];
        if (!client) {
          if (name in before) return before[name];
          // `await` and tools look for these, and must find nothing.
          if (typeof name === "symbol" || name === "then" || !(name in ServerClient.prototype)) return undefined;
          throw mistake(`${name}: this client is not connected: await client.connect()`);
        }
        const value = Reflect.get(client, name, client);
        if (typeof value !== "function") return value;
        let method = bound.get(name);
        if (!method) bound.set(name, (method = value.bind(client)));
        return method;
      },
    })
  );
  return proxy;
}
