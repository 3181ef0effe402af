// The client, as a program calls it. Its engine does the work.

/** @import { Arg, Commands, ConnectOptions, MatchOptions, ScanOptions } from "./index.js" */
/** @import { Dial, EngineOptions, GivenOptions, Listener, Queued, Shape, Spec, Unknown } from "./internal.js" */
/** @import { Instance } from "./instance.js" */
/** @typedef {Client & Commands} Methods The methods of the table are added below. */

import { NO_OPTIONS, sendOptions } from "./calls.js";
import { COMMANDS } from "./commands.js";
import { Engine } from "./engine.js";
import { mistake } from "./errors.js";
import { Queue } from "./queue.js";
import { pages } from "./scans.js";
import { script } from "./script.js";
import { toWords } from "./shape.js";
import { describe, isPlain } from "./values.js";

/** More than any server has. */
const LAST_DATABASE = 0x7fffffff;

const ASYNC_DISPOSE = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/**
 * Connects over `dial`; the engine checks the options.
 * @param {Instance} instance
 * @param {Dial} dial
 * @param {EngineOptions & { signal?: AbortSignal }} [options]
 */
export async function openClient(instance, dial, { signal, ...options } = {}) {
  const engine = new Engine(instance, dial, options);
  await engine.open(signal);
  return new Client(engine);
}

export class Client {
  #engine;
  #database;

  /** @internal Use `connect`. @param {Engine} engine @param {number} [database] */
  constructor(engine, database) {
    this.#engine = engine;
    this.#database = database;
  }

  /** The same client for another database: its commands go over the same connection. @param {number} index */
  database(index) {
    if (!(Number.isInteger(index) && index >= 0 && index <= LAST_DATABASE)) {
      throw mistake(`database: ${describe(index)} is not an index (expected an integer from 0)`);
    }
    return this._in(index);
  }

  /** @internal @param {number} index @returns {Client} */
  _in(index) {
    return new Client(this.#engine, index);
  }

  /**
   * Sends any command; the last argument may be `{ timeout, signal, bytes, bigint, cached }`.
   * @param {string} command
   * @param {...unknown} args
   * @returns {Promise<unknown>}
   */
  send(command, ...args) {
    let options;
    try {
      options = sendOptions(command, args);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#engine.execute(command, args, options, undefined, this.#database);
  }

  /** Commands that are executed together, or not at all. */
  multi() {
    return new Queue(this.#engine, true, this.#database);
  }

  /** Commands that are sent together. */
  pipeline() {
    return new Queue(this.#engine, false, this.#database);
  }

  /**
   * @param {Arg} channel
   * @param {Unknown} [callback]
   * @param {Unknown} [options]
   */
  subscribe(channel, callback, options) {
    return this.#engine.subscribe("subscribe", channel, callback, options);
  }

  /**
   * @param {Arg} pattern
   * @param {Unknown} [callback]
   * @param {Unknown} [options]
   */
  pSubscribe(pattern, callback, options) {
    return this.#engine.subscribe("pSubscribe", pattern, callback, options);
  }

  /**
   * @param {Arg} channel
   * @param {Unknown} [callback]
   * @param {Unknown} [options]
   */
  sSubscribe(channel, callback, options) {
    return this.#engine.subscribe("sSubscribe", channel, callback, options);
  }

  /**
   * A function that runs a script, which is sent once: `run(keys, args, options)`.
   * @this {Methods}
   * @param {string} source
   */
  script(source) {
    return script(this, source);
  }

  /**
   * The keys that match, one after another; duplicates are possible, as with SCAN.
   * @this {Methods}
   * @param {ScanOptions} [options]
   */
  scanIterator(options = NO_OPTIONS) {
    return pages((cursor) => this.scan(cursor, options), "items");
  }

  /**
   * The fields and values of a hash, as `[field, value]`.
   * @this {Methods}
   * @param {Arg} key
   * @param {MatchOptions} [options]
   */
  hScanIterator(key, options = NO_OPTIONS) {
    return pages((cursor) => this.hScan(key, cursor, options), "entries");
  }

  /**
   * The fields of a hash.
   * @this {Methods}
   * @param {Arg} key
   * @param {MatchOptions} [options]
   */
  hScanNoValuesIterator(key, options = NO_OPTIONS) {
    return pages((cursor) => this.hScanNoValues(key, cursor, options), "items");
  }

  /**
   * The members of a set.
   * @this {Methods}
   * @param {Arg} key
   * @param {MatchOptions} [options]
   */
  sScanIterator(key, options = NO_OPTIONS) {
    return pages((cursor) => this.sScan(key, cursor, options), "items");
  }

  /**
   * The members of a sorted set, as `{ value, score }`.
   * @this {Methods}
   * @param {Arg} key
   * @param {MatchOptions} [options]
   */
  zScanIterator(key, options = NO_OPTIONS) {
    return pages((cursor) => this.zScan(key, cursor, options), "members");
  }

  /**
   * @param {string} event
   * @param {Listener} listener
   */
  on(event, listener) {
    this.#engine.hub.on(event, listener);
    return this;
  }

  /**
   * @param {string} event
   * @param {Listener} listener
   */
  once(event, listener) {
    this.#engine.hub.once(event, listener);
    return this;
  }

  /**
   * @param {string} event
   * @param {Listener} listener
   */
  off(event, listener) {
    this.#engine.hub.off(event, listener);
    return this;
  }

  /** The same events as an `EventTarget` of `CustomEvent`s whose `detail` they are. */
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

  /**
   * @internal
   * @param {Spec} spec
   * @param {unknown[]} args
   * @returns {Promise<unknown>}
   */
  _call(spec, args) {
    let shaped = null;
    try {
      if (!spec.plain || args.length < spec.needs || hasObject(args)) {
        shaped = toWords(spec, args);
      }
    } catch (error) {
      return Promise.reject(error);
    }
    const options = shaped?.options ?? NO_OPTIONS;
    return this.#engine.execute(spec.command, shaped?.words ?? args, options, spec.shape, this.#database);
  }

  /**
   * @internal Sends a command whose reply the caller shapes.
   * @param {string} name
   * @param {unknown[]} words
   * @param {GivenOptions} options
   * @param {Shape | undefined} shape
   */
  _execute(name, words, options, shape) {
    return this.#engine.execute(name, words, options, shape, this.#database);
  }

  /** @internal Sends commands that are executed together. @param {Queued[]} commands */
  _transaction(commands) {
    return this.#engine.transaction(commands, NO_OPTIONS, this.#database);
  }
}

/** @param {unknown[]} args */
function hasObject(args) {
  for (let n = 0; n < args.length; n++) if (typeof args[n] === "object" && (isPlain(args[n]) || Array.isArray(args[n]))) return true;
  return false;
}

/** What `console.log` shows in Node, Deno and Bun: the connections and their state. */
Object.defineProperty(Client.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  /** @this {Client} @param {unknown} _ @param {object} options @param {Unknown} inspect */
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

// Vue wraps reactive objects in a Proxy, through which private fields cannot be read.
Object.defineProperty(Client.prototype, "__v_skip", { value: true });

const CLASSES = [Client, Queue];

for (const { prototype } of CLASSES) {
  const all = /** @type {Unknown} */ (prototype);
  // V8 copies the list of an object's properties for each one that is added, until one has been removed from its middle.
  all.a = all.b = 0;
  delete all.a;
  delete all.b;
}

for (const spec of COMMANDS) {
  const method = {
    /** @this {Client | Queue} @param {...unknown} args */
    [spec.method](...args) {
      while (args.length > spec.least && args[args.length - 1] === undefined) args.pop();
      return this._call(spec, args);
    },
  };
  for (const { prototype } of CLASSES) {
    Object.defineProperty(prototype, spec.method, {
      value: method[spec.method],
      configurable: true,
      writable: true,
    });
  }
}
