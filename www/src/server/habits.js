// What users of other clients write out of habit. Where it means the same here, it is there; where it does not, the error says
// what to write.

/** @import { Unknown } from "../internal.js" */

import { COMMANDS } from "../commands.js";
import { BAD_CONFIG, mistake } from "../errors.js";
import { ServerClient } from "./client.js";
import { ServerQueue } from "./queue.js";

const GUIDE = "see docs/from-node-redis.md and docs/from-ioredis.md";

/** Options of other clients, and what to write instead. @type {Record<string, string>} */
const OPTIONS = {
  socket: "connect({ host, port }, { tls, connectTimeout, reconnect }), or createClient({ socket })",
  url: "connect(url, options), or createClient({ url })",
  host: "connect({ host, port }, options)",
  port: "connect({ host, port }, options)",
  path: "connect({ path }, options)",
  name: "clientName",
  connectionName: "clientName",
  db: "database",
  RESP: "protocol",
  retryStrategy: "reconnect: ({ attempt }) => milliseconds",
  reconnectStrategy: "reconnect: ({ attempt }) => milliseconds",
  "socket.socketTimeout": "probeAfter and probeTimeout: a silent server is asked before the connection is given up",
  socketTimeout: "probeAfter and probeTimeout: a silent server is asked before the connection is given up",
  maxRetriesPerRequest: "commandTimeout, in milliseconds",
  blockingTimeout: "timeout of the call",
  pingInterval: "keepAlive, in milliseconds",
  enableOfflineQueue: 'backlog: "failFast"',
  disableOfflineQueue: 'backlog: "failFast"',
  commandsQueueMaxLength: "backlog: { commands }",
  autoResendUnfulfilledCommands: 'retry: { upTo: "writeAccumulating" }',
  reconnectOnError: "redialOnReadonly, or retry",
  commandOptions: "commandTimeout, and options of each call",
  "commandOptions.typeMapping": 'replies: { text: "buffer" }, and others of replies',
  "commandOptions.asap": "nothing: commands go out in their order",
  "commandOptions.abortSignal": "signal of each call",
  clientSideCache: "clientCache, and { cached: true } of the calls that may use it",
  credentialsProvider: "credentials: async ({ endpoint }) => ({ username, password, validFor })",
  disableClientInfo: "libraryInfo: false",
  clientInfoTag: "libraryName",
  emitInvalidate: "clientCache",
  readonly: "readFrom",
  readOnly: "readFrom",
  stringNumbers: "bigint",
  maintNotifications: "maintenance",
  sentinels: "connect(servers, { serviceName })",
  sentinelRootNodes: "connect(servers, { serviceName })",
  rootNodes: 'connect(servers, { mode: "cluster" })',
  redisOptions: "the same options, beside mode",
  defaults: "the name of a service (azure, elasticacheServerless …); options of nodes are options of connect",
  scaleReads: "readFrom",
  useReplicas: "readFrom",
  natMap: "endpointMap",
  nodeAddressMap: "endpointMap",
  scripts: "client.script(source)",
  functions: "client.fCall(name, keys, args)",
  modules: 'import "redmux/json" and others, which add their methods',
  legacyMode: "promises",
  enableAutoPipelining: "nothing: commands of one turn are always sent together",
};

/** The error for an option of another client. @param {string} name */
export function instead(name) {
  return mistake(`${name} is an option of another client (here: ${OPTIONS[name] ?? GUIDE})`, BAD_CONFIG);
}

/**
 * Refuses options of other clients that this package does not have.
 * @param {Record<string, Unknown>} options
 */
export function refuseForeign(options) {
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && name !== "defaults" && Object.hasOwn(OPTIONS, name)) throw instead(name);
  }
}

/** Methods of other clients, and what to write instead. @type {Record<string, string>} */
const METHODS = {
  unsubscribe: "(await client.subscribe(channel, listener)).unsubscribe()",
  pUnsubscribe: "(await client.pSubscribe(pattern, listener)).unsubscribe()",
  sUnsubscribe: "(await client.sSubscribe(channel, listener)).unsubscribe()",
  select: "client.database(index), or the option database",
  unwatch: "the end of the body of watch",
  wait: 'lease.send("WAIT", replicas, milliseconds), on the lease that has written',
  reset: "nothing: connections are never left in a state that needs it",
  createPool: "nothing: one connection serves the whole program; client.lease() is a connection of its own",
  lPosCount: "client.lPos(key, element, { COUNT })",
  zAddIncr: "client.zAdd(key, member, { INCR: true })",
  hScanValuesIterator: "client.hScanIterator(key)",
  withCommandOptions: "options of each call: client.get(key, { timeout, signal, bytes })",
  withTypeMapping: 'client.withReplies({ text: "buffer", maps: "map" })',
  withAbortSignal: "client.get(key, { signal })",
  asap: "nothing: commands go out in their order",
  legacy: "promises",
  executeIsolated: "client.lease()",
  getNodeClientForKey: "client.watch(key, body), or client.node(endpoint)",
  nodeClient: "client.node(endpoint)",
  getSlotMaster: "client.nodes(), and client.node(endpoint)",
  defineCommand: "client.script(source)",
  hgetall: "client.hGetAll(key): methods are in camel case; redmux/ioredis has those of ioredis",
  setex: "client.setEx(key, seconds, value): methods are in camel case; redmux/ioredis has those of ioredis",
  scanStream: "client.scanIterator(options).batches()",
};

/** Methods whose replies are those of another name. @type {Record<string, string>} */
const ALIASES = {
  hmGet: "hMGet",
  lPopCount: "lPop",
  rPopCount: "rPop",
  sPopCount: "sPop",
  sRandMemberCount: "sRandMember",
  hRandFieldCount: "hRandField",
  hRandFieldCountWithValues: "hRandFieldWithValues",
  zPopMaxCount: "zPopMax",
  zPopMinCount: "zPopMin",
  zRandMemberCount: "zRandMember",
  zRandMemberCountWithScores: "zRandMemberWithScores",
};

/** @param {{ prototype: object }} target @param {string} name @param {Unknown} value */
function define({ prototype }, name, value) {
  if (!(name in prototype)) Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
}

for (const target of [ServerClient, ServerQueue]) {
  const { prototype } = /** @type {Unknown} */ (target);
  for (const [alias, name] of Object.entries(ALIASES)) define(target, alias, prototype[name]);
  // Names of one word are known in capitals too.
  for (const { method, command } of COMMANDS) if (method.toUpperCase() === command) define(target, command, prototype[method]);
}
for (const [name, write] of Object.entries(METHODS)) {
  define(ServerClient, name, () => {
    throw mistake(`${name} is a method of another client (here: ${write})`);
  });
}
/** What node-redis has the methods of modules in, and where they are here. */
const MODULES = { json: "json", ft: "search", ts: "time-series", bf: "bloom", cf: "bloom", cms: "bloom", topK: "bloom", tDigest: "bloom" };
for (const [name, entry] of Object.entries(MODULES)) {
  Object.defineProperty(ServerClient.prototype, name, {
    configurable: true,
    get() {
      throw mistake(`${name} is of another client (here: import "redmux/${entry}", and client.${name.toLowerCase()}… in place of client.${name}.…)`);
    },
  });
}

define(ServerClient, "use", ServerClient.prototype.execute);
define(ServerClient, "acquire", ServerClient.prototype.lease);
define(ServerQueue, "execTyped", ServerQueue.prototype.exec);
define(ServerQueue, "addCommand", /** @this {ServerQueue} @param {Unknown[]} args */ function addCommand(...args) {
  const words = args.find(Array.isArray);
  if (!words) throw mistake("addCommand: expected the words of a command as an array");
  return this.send(.../** @type {[string]} */ (words));
});
define(ServerQueue, "execAsPipeline", () => {
  throw mistake("execAsPipeline is a method of another client (here: client.pipeline() in place of client.multi())");
});

const { monitor } = ServerClient.prototype;
Object.defineProperty(ServerClient.prototype, "monitor", {
  /** @this {ServerClient} @param {Unknown} options */
  value(options) {
    if (typeof options === "function") throw mistake("monitor: no callback is called: for await (const { args } of client.monitor()) …");
    return monitor.call(this, options);
  },
  configurable: true,
  writable: true,
});

for (const name of /** @type {const} */ (["subscribe", "pSubscribe", "sSubscribe"])) {
  const subscribe = ServerClient.prototype[name];
  Object.defineProperty(ServerClient.prototype, name, {
    /** @this {ServerClient} @param {Unknown[]} args */
    value(...args) {
      const [, listener, options] = args;
      const wrong = typeof listener === "function" && listener.length > 1;
      if (wrong || typeof options === "boolean") {
        return Promise.reject(mistake(`${name}: the listener gets one message, and bytes is an option: ${name}(channel, ({ channel, payload }) => …, { bytes: true })`));
      }
      return subscribe.apply(this, /** @type {Unknown} */ (args));
    },
    configurable: true,
    writable: true,
  });
}
