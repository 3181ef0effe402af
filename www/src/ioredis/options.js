// The options of ioredis: what a constructor is given, and what the client gets of it.

/** @import { Unknown } from "../internal.js" */
/** @typedef {Record<string, Unknown>} Options */

export const DEFAULTS = Object.freeze({
  port: 6379,
  host: "localhost",
  family: 0,
  connectTimeout: 10_000,
  disconnectTimeout: 2000,
  retryStrategy: (/** @type {number} */ times) => Math.min(2 ** (times - 1) * 50, 5000) + Math.floor(Math.random() * 200),
  keepAlive: 30_000,
  noDelay: true,
  connectionName: null,
  disableClientInfo: false,
  sentinels: null,
  name: null,
  role: "master",
  username: null,
  password: null,
  db: 0,
  enableOfflineQueue: true,
  enableReadyCheck: true,
  autoResubscribe: true,
  autoResendUnfulfilledCommands: true,
  lazyConnect: false,
  keyPrefix: "",
  reconnectOnError: null,
  readOnly: false,
  stringNumbers: false,
  maxRetriesPerRequest: 20,
  maxLoadingRetryTime: 10_000,
  enableAutoPipelining: false,
});

/**
 * The options that a constructor is given, as URL, port, host and objects in any order; what comes first holds.
 * @param {readonly unknown[]} args
 * @param {Options} [defaults]
 * @returns {Options}
 */
export function parseOptions(args, defaults = DEFAULTS) {
  /** @type {Options} */
  const options = {};
  let secure = false;
  args.forEach((arg, place) => {
    if (arg === null || arg === undefined) return;
    if (typeof arg === "number") options.port ??= arg;
    else if (typeof arg === "string") {
      // As the second argument, a string is a host.
      fill(options, place > 0 && typeof args[0] !== "object" && !/[:/]/.test(arg) ? { host: arg } : parseUrl(arg));
      secure ||= /^rediss:/i.test(arg);
    } else if (typeof arg === "object") fill(options, arg);
    else throw new Error(`Invalid argument: ${typeof arg}`);
  });
  if (secure) fill(options, { tls: true });
  fill(options, defaults);
  for (const name of ["port", "db"]) if (typeof options[name] === "string") options[name] = Number.parseInt(options[name], 10);
  if (options.replyMapping === "resp3") throw new Error('replyMapping: "resp3" is not supported: replies have the shapes of RESP2');
  return options;
}

/** Sets what is not set. @param {Options} options @param {object} more */
function fill(options, more) {
  for (const [name, value] of Object.entries(more)) if (options[name] === undefined) options[name] = value;
}

/**
 * The options in a URL, in `host:port`, in the path of a socket, or in a port. The text is in no error: it may hold a
 * password.
 * @param {string} text
 * @returns {Options}
 */
export function parseUrl(text) {
  if (/^\d+$/.test(text)) return { port: Number(text) };
  if (text.startsWith("/") && !text.startsWith("//")) {
    const [path, query = ""] = text.split(/\?(.*)/s);
    return { path, ...parameters(new URLSearchParams(query)) };
  }
  const hasScheme = /^rediss?:\/\//i.test(text);
  const bare = !hasScheme && !text.startsWith("//");
  let url;
  try {
    url = new URL(hasScheme ? text : bare ? `redis://${text}` : `redis:${text}`);
  } catch {
    throw new Error("not a URL of Redis (expected redis://…, rediss://…, host:port, or the path of a socket)");
  }
  /** @type {Options} */
  const options = {};
  if (url.username || url.password) Object.assign(options, { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) });
  if (url.pathname.length > 1) Object.assign(options, bare ? { path: url.pathname } : { db: url.pathname.slice(1) });
  if (url.hostname) options.host = url.hostname.replace(/^\[|\]$/g, "");
  if (url.port) options.port = url.port;
  fill(options, parameters(url.searchParams));
  return options;
}

/** @param {URLSearchParams} query @returns {Options} */
function parameters(query) {
  const all = Object.fromEntries(query);
  return all.family === undefined ? all : { ...all, family: Number.parseInt(all.family, 10) };
}

/** @param {Options} address @returns {string} */
function joined({ host, port }) {
  return `${String(host).includes(":") ? `[${host}]` : host}:${port}`;
}

/**
 * What `connect` of this package is called with. Reconnecting is the business of the `Redis` object: its client gives up
 * with the connection. With sentinels, of which some may be away, it is that of the client.
 * @param {Options} options
 * @param {AbortSignal} signal
 * @returns {[url: Unknown, options: Unknown]}
 */
export function toConnect(options, signal) {
  const { path, family, sentinels, name, role, natMap } = options;
  const common = { ...shared(options), database: options.db || undefined, connectRetry: 1, signal };
  if (sentinels?.length > 0) {
    const servers = sentinels.map((/** @type {Options} */ { host = "localhost", port = 26379 }) => ({ host, port: Number(port) }));
    const { sentinelUsername, sentinelPassword, enableTLSForSentinelMode } = options;
    return [
      servers,
      {
        ...common,
        mode: "sentinel",
        serviceName: name,
        endpointMap: mapped(natMap),
        readFrom: role === "slave" ? "replica" : undefined,
        sentinelUsername: sentinelUsername ?? undefined,
        sentinelPassword: sentinelPassword ?? undefined,
        sentinelTls: enableTLSForSentinelMode,
      },
    ];
  }
  const url = path ? `unix:${encodeURI(path)}` : `redis://${joined(options)}${family ? `?family=${family}` : ""}`;
  return [url, { ...common, mode: "single", reconnect: () => false }];
}

/**
 * The same for a cluster, whose nodes come and go: their client connects again by itself.
 * @param {Options} options Of the cluster.
 * @param {AbortSignal} signal
 * @returns {[url: Unknown, options: Unknown]}
 */
export function toConnectCluster({ startupNodes, redisOptions, scaleReads, natMap }, signal) {
  const servers = startupNodes.map((/** @type {Options} */ { host, port }) => ({ host, port }));
  const readFrom = scaleReads === "slave" ? "replica" : scaleReads === "all" ? "preferReplica" : undefined;
  return [servers, { ...shared(redisOptions), mode: "cluster", endpointMap: mapped(natMap ?? redisOptions.natMap), readFrom, connectRetry: 1, signal }];
}

/** Addresses by those that servers announce. @param {Unknown} natMap */
function mapped(natMap) {
  if (typeof natMap === "function") return (/** @type {string} */ host, /** @type {number} */ port) => natMap(`${host}:${port}`) ?? undefined;
  const pairs = Object.entries(natMap ?? {}).map(([from, { host, port }]) => [from, `${host}:${port}`]);
  return pairs.length > 0 ? Object.fromEntries(pairs) : undefined;
}

/** @param {Options} options */
function shared({ username, password, tls, connectTimeout, commandTimeout, disableClientInfo, clientInfoTag }) {
  return {
    // Replies have the shapes of RESP2.
    protocol: 2,
    username: username ?? undefined,
    password: password ?? undefined,
    tls: tls ? (typeof tls === "object" ? tls : true) : undefined,
    connectTimeout: connectTimeout || Infinity,
    commandTimeout: commandTimeout || Infinity,
    libraryInfo: !disableClientInfo,
    libraryName: clientInfoTag ? `redmux(${clientInfoTag})` : undefined,
  };
}
