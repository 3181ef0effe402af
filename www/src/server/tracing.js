// What programs and their tools can watch by `node:diagnostics_channel`: see docs/observability.md. Nothing here holds
// arguments, keys, replies or passwords.

/** @import { Unknown } from "../internal.js" */
/** @import { Source, StatusQuestion } from "../server.js" */
/** @import { ServerEngine } from "./engine.js" */
/** @typedef {{ readonly hasSubscribers: boolean, publish(message: unknown): void, runStores?: (message: unknown, action: () => Unknown) => Unknown }} Channel */
/** @typedef {{ channel(name: string): Channel, subscribe(name: string, listener: (message: Unknown) => void): void }} Channels */

import { safe } from "../errors.js";

/** Of a runtime without the module. @type {Channel} */
const SILENT = { hasSubscribers: false, publish() {} };

/** The channels of `diagnostics_channel.tracingChannel(name)`. */
export class Trace {
  #start;
  #end;
  #asyncStart;
  #asyncEnd;
  #error;

  /** @param {Channels | null} channels @param {string} name */
  constructor(channels, name) {
    const channel = (/** @type {string} */ event) => channels?.channel(`tracing:${name}:${event}`) ?? SILENT;
    this.#start = channel("start");
    this.#end = channel("end");
    this.#asyncStart = channel("asyncStart");
    this.#asyncEnd = channel("asyncEnd");
    this.#error = channel("error");
  }

  /** Asked before every command. Node 20 has no such property of its own. */
  get isWatched() {
    return this.#start.hasSubscribers || this.#asyncEnd.hasSubscribers || this.#error.hasSubscribers || this.#end.hasSubscribers || this.#asyncStart.hasSubscribers;
  }

  /**
   * Publishes what becomes of `action`, as `tracePromise` does, but for the result: nobody gets replies this way.
   * @template T
   * @param {Source & { start: number, error?: unknown }} context
   * @param {() => Promise<T>} action
   * @returns {Promise<T>}
   */
  run(context, action) {
    const begin = () => {
      // Only the promise that is returned is left without a handler, so that a rejection nobody handles is seen.
      const promise = action().then(
        (value) => {
          this.#settled(context);
          return value;
        },
        (error) => {
          context.error = error;
          this.#error.publish(context);
          this.#settled(context);
          throw error;
        },
      );
      this.#end.publish(context);
      return promise;
    };
    // Stores that are bound to the channel are those of the caller, too.
    if (this.#start.runStores) return this.#start.runStores(context, begin);
    this.#start.publish(context);
    return begin();
  }

  /** @param {object} context */
  #settled(context) {
    this.#asyncStart.publish(context);
    this.#asyncEnd.publish(context);
  }
}

/** The channels in use; of no runtime before an entry says which. */
export const TRACES = {
  command: new Trace(null, ""),
  connect: new Trace(null, ""),
  transaction: new Trace(null, ""),
  event: SILENT,
  status: SILENT,
};

/** The clients that are open. @type {Set<ServerEngine>} */
export const OPEN = new Set();

let isReady = false;

/**
 * Publishes to these channels from now on; without any, to those that the runtime has.
 * @param {Channels | null} [channels]
 */
export function useChannels(channels = globalThis.process?.getBuiltinModule?.("node:diagnostics_channel") ?? null) {
  if (isReady || !channels) return;
  isReady = true;
  TRACES.command = new Trace(channels, "redmux:command");
  TRACES.connect = new Trace(channels, "redmux:connect");
  TRACES.transaction = new Trace(channels, "redmux:transaction");
  TRACES.event = channels.channel("redmux:event");
  // Bun forgets a channel that nobody holds, with its subscribers.
  TRACES.status = channels.channel("redmux:status");
  // Several copies of the package may answer.
  channels.subscribe("redmux:status", safe((/** @type {StatusQuestion} */ question) => {
    for (const engine of OPEN) question.clients.push({ ...engine.source, status: /** @type {Unknown} */ (engine.status()) });
  }));
}

/**
 * A name as traces have it: nothing is shown of a whole line that was sent as a name.
 * @param {string} name
 */
export function shownName(name) {
  return /^[\w.-]{1,64}$/.test(name) ? name.toUpperCase() : "_OTHER";
}

/**
 * What is known of a client that has these options. What the wasm side reads is not known here.
 * @param {string} shown
 * @param {{ clientName?: string, database?: number }} options
 * @param {[string, string][]} settings
 * @param {boolean} isGroup
 * @returns {Source}
 */
export function sourceOf(shown, { clientName, database }, settings, isGroup) {
  const endpoint = shown.replace(/^rediss?:\/\//, "");
  const given = settings.find(([name]) => name === "url")?.[1].replace(/^[a-z+-]+:\/\//i, "") ?? "";
  const unread = isGroup || /[=/?]/.test(given) ? null : 0;
  const isOne = !isGroup && !/,|^redis\+|^valkeys?\+/i.test(endpoint) && !settings.some(([name]) => name === "serviceName");
  return { clientName: clientName ?? null, database: database ?? unread, endpoint, ...(isOne ? addressOf(endpoint) : NO_ADDRESS) };
}

/** Of several servers it is not known here which one serves a command. */
export const NO_ADDRESS = Object.freeze({ address: null, port: null });

/**
 * Host, or path of a Unix socket, and port.
 * @param {string} endpoint
 * @returns {{ address: string | null, port: number | null }}
 */
export function addressOf(endpoint) {
  if (endpoint.startsWith("unix:")) return { address: endpoint.slice(5).replace(/^\/\/(?=\/)/, ""), port: null };
  const [, scheme, host, inner, port] = /^([a-z]+:\/\/)?(\[([^\]]*)\]|[^:/]*)(?::(\d+))?/i.exec(endpoint) ?? [];
  if (!host) return NO_ADDRESS;
  const usual = /^wss:/i.test(scheme ?? "") ? 443 : /^ws:/i.test(scheme ?? "") ? 80 : 6379;
  return { address: inner ?? host, port: Number(port ?? usual) };
}
