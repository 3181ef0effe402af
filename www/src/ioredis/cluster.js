// The class `Cluster` of ioredis: the client knows the slots, sends each command to its node, and follows redirects.

/** @import { Unknown } from "../internal.js" */
/** @import { Options } from "./options.js" */

import { ClusterAllFailedError, connectError, ReplyError } from "./errors.js";
import { DEFAULTS, parseOptions, toConnectCluster } from "./options.js";
import { Redis } from "./redis.js";

const CLUSTER_DEFAULTS = Object.freeze({
  clusterRetryStrategy: (/** @type {number} */ times) => Math.min(100 + times * 2, 2000),
  enableOfflineQueue: true,
  enableReadyCheck: true,
  scaleReads: "master",
  lazyConnect: false,
  keyPrefix: "",
});

export class Cluster extends Redis {
  static defaultOptions = /** @type {Unknown} */ (CLUSTER_DEFAULTS);

  isCluster = true;
  /** Clients of single nodes, by address. @type {Map<string, Redis>} */
  #nodes = new Map();

  /**
   * @param {Unknown[]} startupNodes Some of the nodes, as URLs, ports, or `{ host, port }`.
   * @param {Options} [options]
   */
  constructor(startupNodes, options = {}) {
    super(startupNodes, options);
    this.on("end", () => {
      for (const node of this.#nodes.values()) node.disconnect();
      this.#nodes.clear();
    });
  }

  /** @param {unknown[]} args @returns {Options} */
  _parse([nodes, given]) {
    if (!Array.isArray(nodes)) throw new Error("`startupNodes` should be an array.");
    const startupNodes = nodes.map((node) => parseOptions([node], { host: "127.0.0.1", port: 6379 }));
    /** @type {Options} */
    const options = Object.assign({ ...CLUSTER_DEFAULTS }, given);
    const [{ username, password, tls } = /** @type {Options} */ ({})] = startupNodes;
    const redisOptions = parseOptions([options.redisOptions, { username, password, tls }], DEFAULTS);
    const { maxRetriesPerRequest, autoResubscribe, autoResendUnfulfilledCommands, stringNumbers, showFriendlyErrorStack, connectionName } = redisOptions;
    return {
      maxRetriesPerRequest,
      autoResubscribe,
      autoResendUnfulfilledCommands,
      stringNumbers,
      showFriendlyErrorStack,
      connectionName,
      ...options,
      keyPrefix: options.keyPrefix || redisOptions.keyPrefix,
      retryStrategy: options.clusterRetryStrategy,
      startupNodes,
      redisOptions,
    };
  }

  /** @param {Options} options @param {AbortSignal} signal */
  _dial(options, signal) {
    if (options.startupNodes.length === 0) throw new Error("`startupNodes` should contain at least one node.");
    const { username = options.redisOptions.username, password = options.redisOptions.password } = options;
    return toConnectCluster(/** @type {Unknown} */ ({ ...options, redisOptions: { ...options.redisOptions, username, password } }), signal);
  }

  /** @param {Unknown} error */
  _why(error) {
    const why = connectError(error);
    return why instanceof ReplyError ? why : new ClusterAllFailedError("Failed to refresh slots cache.", why);
  }

  /**
   * Clients of the nodes, which connect when they are used.
   * @param {"all" | "master" | "slave"} [role]
   * @returns {Redis[]}
   */
  nodes(role = "all") {
    const wanted = { all: null, master: "primary", slave: "replica" }[role];
    if (wanted === undefined) throw new Error(`Invalid role "${role}". Expected "all", "master" or "slave"`);
    const known = (this._link?.nodes() ?? []).filter((node) => wanted === null || node.role === wanted);
    return known.map(({ endpoint }) => {
      let node = this.#nodes.get(endpoint);
      if (!node) {
        const [, host, port] = /** @type {RegExpExecArray} */ (/^(.*):(\d+)$/.exec(endpoint));
        const { redisOptions } = this.options;
        node = new Redis({ ...redisOptions, host: host.replace(/^\[|\]$/g, ""), port: Number(port), path: undefined, lazyConnect: true });
        this.#nodes.set(endpoint, node);
      }
      return node;
    });
  }

  /** @param {Unknown} [startupNodes] @param {Options} [override] @returns {Unknown} */
  duplicate(startupNodes, override) {
    const nodes = startupNodes?.length > 0 ? startupNodes : this.options.startupNodes;
    const { redisOptions, ...others } = override ?? {};
    return new Cluster(nodes, { ...this.options, ...others, redisOptions: { ...this.options.redisOptions, ...redisOptions } });
  }
}
