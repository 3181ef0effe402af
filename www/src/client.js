// The client: what a program calls. Its engine does the work.

import { NO_OPTIONS, sendOptions } from "./calls.js";
import { COMMANDS } from "./commands.js";
import { Engine } from "./engine.js";
import { Queue } from "./queue.js";
import { REPLIES } from "./replies.js";
import { pages } from "./scans.js";
import { script } from "./script.js";
import { toWords } from "./shape.js";
import { isPlain } from "./values.js";

const ASYNC_DISPOSE = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/**
 * Connects over `dial`, `{ transport, address, endpoint, delay }`; `options` are checked by the raw
 * client.
 */
export async function openClient(instance, dial, { signal, ...options } = {}) {
  const engine = new Engine(instance, dial, options);
  await engine.open(signal);
  return new Client(engine);
}

export class Client {
  #engine;

  /** @internal Use `connect`. */
  constructor(engine) {
    this.#engine = engine;
  }

  /** Sends any command; the last argument may be `{ timeout, signal, bytes, bigint, cached }`. */
  send(command, ...args) {
    let options;
    try {
      options = sendOptions(command, args);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#engine.execute(command, args, options, undefined);
  }

  /** Commands that are executed together, or not at all. */
  multi() {
    return new Queue(this.#engine, true);
  }

  /** Commands that are sent together. */
  pipeline() {
    return new Queue(this.#engine, false);
  }

  subscribe(channel, callback, options) {
    return this.#engine.subscribe("subscribe", channel, callback, options);
  }

  pSubscribe(pattern, callback, options) {
    return this.#engine.subscribe("pSubscribe", pattern, callback, options);
  }

  sSubscribe(channel, callback, options) {
    return this.#engine.subscribe("sSubscribe", channel, callback, options);
  }

  /** A function that runs a script, which is sent once: `run(keys, args, options)`. */
  script(source) {
    return script(this, source);
  }

  /** The keys that match, one after another; duplicates are possible, as with SCAN. */
  scanIterator(options = NO_OPTIONS) {
    return pages((cursor) => this.scan(cursor, options), "items");
  }

  /** The fields and values of a hash, as `[field, value]`. */
  hScanIterator(key, options = NO_OPTIONS) {
    return pages((cursor) => this.hScan(key, cursor, options), "entries");
  }

  /** The fields of a hash. */
  hScanNoValuesIterator(key, options = NO_OPTIONS) {
    return pages((cursor) => this.hScanNoValues(key, cursor, options), "items");
  }

  /** The members of a set. */
  sScanIterator(key, options = NO_OPTIONS) {
    return pages((cursor) => this.sScan(key, cursor, options), "items");
  }

  /** The members of a sorted set, as `{ value, score }`. */
  zScanIterator(key, options = NO_OPTIONS) {
    return pages((cursor) => this.zScan(key, cursor, options), "members");
  }

  on(event, listener) {
    this.#engine.hub.on(event, listener);
    return this;
  }

  once(event, listener) {
    this.#engine.hub.once(event, listener);
    return this;
  }

  off(event, listener) {
    this.#engine.hub.off(event, listener);
    return this;
  }

  /** The same as an `EventTarget`: each is a `CustomEvent` whose `detail` it is. */
  get events() {
    return this.#engine.hub.target;
  }

  /** Events from now on, as `{ type, detail }`, until the client is closed. */
  [Symbol.asyncIterator]() {
    return this.#engine.hub.iterate();
  }

  /** A snapshot of the connections, for operators. */
  status() {
    return this.#engine.status();
  }

  /** Finishes what was sent, ends subscriptions and closes the connection. */
  close() {
    return this.#engine.close();
  }

  [ASYNC_DISPOSE]() {
    return this.close();
  }

  /** @internal */
  _call(spec, args) {
    let shaped = null;
    try {
      if (!spec.plain || hasPlain(args)) {
        shaped = toWords(spec, args);
      }
    } catch (error) {
      return Promise.reject(error);
    }
    const options = shaped?.options ?? NO_OPTIONS;
    return this.#engine.execute(spec.command, shaped?.words ?? args, options, REPLIES[spec.reply]);
  }
}

function hasPlain(args) {
  for (let n = 0; n < args.length; n++) if (typeof args[n] === "object" && isPlain(args[n])) return true;
  return false;
}

/** What `console.log` shows in Node, Deno and Bun: where it is connected to, and how it is. */
Object.defineProperty(Client.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(_, options, inspect) {
    const { connections, subscriptions } = this.status();
    const shown = connections.map(({ endpoint, connectionType, diagnostics, protocol, server }) => ({
      endpoint,
      connectionType,
      state: diagnostics.connection,
      server: [server?.product, server?.version].filter(Boolean).join(" ") || null,
      protocol,
    }));
    return `Client ${inspect({ connections: shown, subscriptions }, { ...options, depth: 3 })}`;
  },
});

// Vue makes what is reactive a Proxy, and private fields cannot be read through one.
Object.defineProperty(Client.prototype, "__v_skip", { value: true });

for (const spec of COMMANDS) {
  const method = {
    [spec.method](...args) {
      while (args.length > spec.least && args[args.length - 1] === undefined) args.pop();
      return this._call(spec, args);
    },
  };
  for (const { prototype } of [Client, Queue]) {
    Object.defineProperty(prototype, spec.method, {
      value: method[spec.method],
      configurable: true,
      writable: true,
    });
  }
}
