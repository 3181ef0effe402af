// The client on a server: what that of a page has, and what needs several servers or connections of their own.

/** @import { Arg, ScanOptions } from "../index.js" */
/** @import { Spec, Unknown } from "../internal.js" */
/** @import { ServerEngine } from "./engine.js" */
/** @typedef {[what: string, value: string]} Step */

import { Client } from "../client.js";
import { checkOptions, sendOptions } from "../calls.js";
import { mistake } from "../errors.js";
import { Outbox } from "../outbox.js";
import { looseText } from "../reply.js";
import { toWords } from "../shape.js";
import { describe, isPlain } from "../values.js";
import { DATABASES, numberOf, packed } from "./engine.js";
import { Group } from "./group.js";
import { ReadQueue, ServerQueue } from "./queue.js";
import { ANY, Replies } from "./replies.js";
import { retryText } from "./settings.js";

const READS = ["primary", "preferReplica", "replica", "nearest"];

/** How often `watch` tries, unless the caller says otherwise: as in the core. */
const ATTEMPTS = 16;

/** Lets go of views that nobody uses any more. */
const unused = new FinalizationRegistry((/** @type {{ engine: WeakRef<ServerEngine>, place: number }} */ { engine, place }) => engine.deref()?.dropView(place));
/** A queue keeps the view that it is for, and a view of replies the one that it was made of. @type {WeakMap<object, unknown>} */
const kept = new WeakMap();

export class ServerClient extends Client {
  #engine;
  #place;
  /** The database of a view, and what is different from that. @type {{ index?: number | undefined, steps: Step[] }} */
  #made;
  /** Makes a client of its own with these options. */
  #again;
  /** How replies are given, unless as everywhere. @type {Replies | null} */
  #replies;

  /**
   * @internal Use `connect`.
   * @param {ServerEngine} engine
   * @param {number} [place]
   * @param {(options: Unknown) => Promise<ServerClient>} [again]
   * @param {{ index?: number | undefined, steps: Step[] }} [made]
   * @param {Replies | null} [replies]
   */
  constructor(engine, place, again, made = { index: place, steps: [] }, replies = null) {
    super(engine, place);
    this.#engine = engine;
    this.#place = place;
    this.#again = again;
    this.#made = made;
    this.#replies = replies;
  }

  /**
   * @internal A client for this database with these differences.
   * @param {ServerEngine} engine
   * @param {number | undefined} index
   * @param {Step[]} steps
   * @param {(options: Unknown) => Promise<ServerClient>} [again]
   * @param {Replies | null} [replies]
   */
  static _of(engine, index, steps, again, replies) {
    if (steps.length === 0) return new ServerClient(engine, index, again, undefined, replies);
    const place = engine.view(index, steps);
    const view = new ServerClient(engine, place, again, { index, steps }, replies);
    unused.register(view, { engine: new WeakRef(engine), place });
    return view;
  }

  /** @param {Step} step */
  #with(...step) {
    const { index, steps } = this.#made;
    if (index !== undefined && index >= DATABASES) throw mistake(`${step[0]}: this is a connection of its own`);
    return ServerClient._of(this.#engine, index, [...steps, step], this.#again, this.#replies);
  }

  /** @param {number} index */
  _in(index) {
    return ServerClient._of(this.#engine, index, this.#made.steps, this.#again, this.#replies);
  }

  multi() {
    return this.#queue(true);
  }

  pipeline() {
    return this.#queue(false);
  }

  /** @param {boolean} together */
  #queue(together) {
    const queue = this.#replies ? new ReadQueue(this.#engine, together, this.#place, this.#replies) : new ServerQueue(this.#engine, together, this.#place);
    kept.set(queue, this);
    return queue;
  }

  /** The same client, which gives replies in other ways. @param {Unknown} given */
  withReplies(given) {
    const replies = new Replies("withReplies", isPlain(given) ? { ...this.#replies?.given, ...given } : given, this.#engine.bigint);
    const view = new ServerClient(this.#engine, this.#place, this.#again, this.#made, replies);
    kept.set(view, this);
    return view;
  }

  /**
   * @param {string} command
   * @param {...unknown} args
   * @returns {Promise<unknown>}
   */
  send(command, ...args) {
    if (!this.#replies) return super.send(command, ...args);
    try {
      const { options, shape } = this.#replies.reading(ANY, sendOptions(command, args));
      return this._execute(command, args, options, shape);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @internal @param {Spec} spec @param {unknown[]} args @returns {Promise<unknown>} */
  _call(spec, args) {
    if (!this.#replies) return super._call(spec, args);
    try {
      const given = toWords(spec, args);
      const { options, shape } = this.#replies.reading(spec, given.options);
      return this._execute(spec.command, given.words, options, shape);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The same client, whose commands that only read go to these servers. @param {string} from */
  withReadFrom(from) {
    if (!READS.includes(from)) throw mistake(`withReadFrom: ${describe(from)} (expected one of ${READS.join(", ")})`);
    if (this.#made.steps.some(([what]) => what === "node")) throw mistake("withReadFrom: this is one server");
    return this.#with("readFrom", from);
  }

  /** The same client with this before every key. @param {string} prefix */
  withKeyPrefix(prefix) {
    if (typeof prefix !== "string") throw mistake(`withKeyPrefix: ${describe(prefix)} (expected a string)`);
    return this.#with("keyPrefix", prefix);
  }

  /** A client for one of several servers, whatever the keys are. @param {string} endpoint */
  node(endpoint) {
    if (typeof endpoint !== "string") throw mistake(`node: ${describe(endpoint)} (expected an endpoint, as nodes() has it)`);
    // First, because it replaces all that is known of where commands go.
    const { index, steps } = this.#made;
    return ServerClient._of(this.#engine, index, [["node", endpoint], ...steps.filter(([what]) => what !== "readFrom" && what !== "node")], this.#again, this.#replies);
  }

  /** The same client, which sends commands that failed for a passing reason again. @param {Unknown} policy */
  withRetry(policy) {
    return this.#with("retry", retryText(policy));
  }

  /** The servers that are known, where there are several. */
  nodes() {
    return /** @type {Unknown} */ (this.status()).nodes ?? [];
  }

  /** The hash slot of a key. @param {Arg} key @returns {number} */
  hashSlot(key) {
    const slot = this.#engine.enter((raw) => raw.hashSlot(Outbox.bytesOf(key)));
    if (slot === undefined) throw mistake("hashSlot: the client is closed");
    return slot;
  }

  /** The group that the client was made for, or `null`. */
  get group() {
    return this.#engine.isGroup ? new Group(this.#engine) : null;
  }

  /**
   * A client on a connection of its own, until it is released: for `WATCH`, `SELECT` and whatever else changes a connection.
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<Lease>}
   */
  async lease(options = {}) {
    checkOptions("lease", options, ["signal"]);
    const engine = this.#engine;
    const place = engine.reserve();
    const { index, steps } = this.#made;
    if (index !== undefined && index >= DATABASES) throw mistake("lease: this is a connection of its own");
    if (steps.some(([what]) => what === "node")) throw mistake("lease: not of one of several servers");
    const prefix = steps.map(([what, value]) => (what === "keyPrefix" ? value : "")).join("");
    await engine.run("lease", (raw, task) => raw.lease(task, numberOf(place), index, prefix), options);
    engine.adopt(place);
    return new Lease(engine, place, this.#replies);
  }

  /**
   * An optimistic transaction: runs `body(client)` while these keys are watched, and again while its `multi` fails because
   * another program has changed one of them. Returns what the body returns.
   * @template T
   * @param {Arg | Arg[]} keys
   * @param {(client: ServerClient) => Promise<T> | T} body
   * @param {{ attempts?: number, signal?: AbortSignal }} [options]
   * @returns {Promise<T>}
   */
  async watch(keys, body, { attempts = 0, signal, ...others } = {}) {
    checkOptions("watch", others, ["attempts", "signal"]);
    if (typeof body !== "function") throw mistake("watch: the body is not a function (expected watch(keys, async (tx) => …); WATCH by hand is for the client of a lease)");
    if (!(Number.isInteger(attempts) && attempts >= 0)) throw mistake("watch: attempts: expected a whole number, 1 or more");
    const engine = this.#engine;
    const place = engine.reserve();
    /** @type {{ value?: T, error?: Unknown, failed: boolean }} */
    let outcome = { failed: false };
    const words = packed(Array.isArray(keys) ? keys : [keys]);
    const begin = (/** @type {Unknown} */ raw, /** @type {number} */ task) => raw.watch(task, numberOf(place), numberOf(this.#place), ...words, attempts);
    let { promise, wake } = bell();
    const ended = engine.run("watch", begin, { signal, body: (task) => wake(task) }).then(() => 0);
    // The body runs behind an `await` of this function, so that it has the caller's asynchronous context.
    for (let attempt = 1; ; attempt++) {
      const next = () => Promise.race([ended, promise]);
      const isWatch = attempt === 1 || (outcome.error?.kind === "conflict" && attempt <= (attempts || ATTEMPTS));
      const task = await (isWatch ? engine.traced("WATCH", this.#place, next) : next());
      if (task === 0) break;
      ({ promise, wake } = bell());
      engine.adopt(place);
      const run = async () => body(new ServerClient(engine, place, undefined, undefined, this.#replies));
      const watched = run().then(
        (value) => ({ value, failed: false }),
        (error) => ({ error, failed: true }),
      );
      // A signal, or a trap, does not wait for the body.
      outcome = /** @type {typeof outcome} */ (await Promise.race([watched, ended])) || outcome;
      engine.disown(place);
      engine.enter((raw) => raw.finish(task, numberOf(place), outcome.failed));
    }
    if (outcome.failed) throw outcome.error;
    return /** @type {T} */ (outcome.value);
  }

  /**
   * What all clients of the server send, on a connection of its own, until the iterator is left. It shows arguments, secrets
   * included.
   * @param {{ signal?: AbortSignal }} [options]
   */
  async *monitor({ signal, ...others } = {}) {
    checkOptions("monitor", others, ["signal"]);
    const text = (/** @type {Uint8Array} */ bytes) => looseText(bytes, 0, bytes.length);
    yield* this.#items("monitor", (raw, task) => raw.monitor(task), signal, (/** @type {Unknown} */ line) => ({ ...line, args: line.args.map(text) }));
  }

  /**
   * All keys that match, of all servers.
   * @param {ScanOptions} [options]
   */
  scanIterator(options) {
    if (this.nodes().length === 0) return super.scanIterator.call(/** @type {Unknown} */ (this), options);
    const { MATCH = "", COUNT = 0, TYPE = "", ...others } = /** @type {Unknown} */ (options ?? {});
    checkOptions("scanIterator", others, ["bytes"]);
    const words = packed([MATCH, TYPE]);
    const begin = (/** @type {Unknown} */ raw, /** @type {number} */ task) => raw.scan(task, numberOf(this.#place), ...words, COUNT);
    const replies = this.#replies;
    const read = (/** @type {Uint8Array} */ key) => (replies ? replies.key(key, others.bytes) : others.bytes === true ? key : looseText(key, 0, key.length));
    const batches = () => this.#items("scan", begin, undefined, (keys) => keys.map(read), true);
    async function* each() {
      for await (const page of batches()) yield* page;
    }
    return /** @type {Unknown} */ (Object.assign(each(), { batches }));
  }

  /**
   * The items of a task, one after another.
   * @param {string} name
   * @param {(raw: Unknown, task: number) => void} begin
   * @param {AbortSignal | undefined} signal
   * @param {(item: Unknown) => Unknown} read
   * @param {boolean} [pulled] The task waits until the next item is asked for.
   */
  async *#items(name, begin, signal, read, pulled = false) {
    /** @type {Unknown[]} */
    const waiting = [];
    /** @type {(() => void) | null} */
    let wake = null;
    /** @type {{ error?: unknown } | null} */
    let end = null;
    let task = 0;
    const engine = this.#engine;
    const ring = () => {
      wake?.();
      wake = null;
    };
    const item = (/** @type {Unknown} */ value) => {
      if (value !== undefined) waiting.push(read(value));
      ring();
    };
    const more = async () => {
      await new Promise((/** @type {(done: void) => void} */ resolve) => (wake = resolve));
      if (waiting.length === 0 && end && "error" in /** @type {object} */ (end)) throw /** @type {Unknown} */ (end).error;
    };
    const finish = (/** @type {{ error?: unknown }} */ how) => {
      end = how;
      ring();
    };
    engine.run(name, (raw, number) => begin(raw, (task = number)), { signal, item }).then(() => finish({}), (error) => finish({ error }));
    try {
      for (;;) {
        if (waiting.length > 0) {
          yield waiting.shift();
          if (pulled) engine.enter((raw) => raw.next(task));
        } else if (end) {
          if ("error" in /** @type {object} */ (end)) throw /** @type {Unknown} */ (end).error;
          return;
        } else {
          await (pulled ? engine.traced("SCAN", this.#place, more) : more());
        }
      }
    } finally {
      engine.cancel(task);
    }
  }

  /** Another client with the same options, but for these. @param {Unknown} [options] @returns {Promise<ServerClient>} */
  duplicate(options = {}) {
    if (!this.#again) throw mistake("duplicate: this is a connection of its own, which is leased");
    return this.#again(this.#replies ? { ...options, replies: { ...this.#replies.given, ...options.replies } } : options);
  }

  /** Whether the client is not closed, as in node-redis. */
  get isOpen() {
    return this.#engine.raw !== null && !this.#engine.isClosing;
  }

  /** Whether there is a connection for commands, as in node-redis. */
  get isReady() {
    return this.isOpen && this.status().connections.some(({ connectionType, diagnostics }) => connectionType === "interactive" && diagnostics.connection === "ready");
  }

  /** Whether there are subscriptions, as in node-redis. */
  get isPubSubActive() {
    return this.status().subscriptions > 0;
  }

  /** `send` with the words in an array, as in node-redis. @param {[command: string, ...args: unknown[]]} words @param {object} [options] */
  sendCommand(words, options = {}) {
    if (!Array.isArray(words)) return Promise.reject(mistake("sendCommand: expected the words in an array, also for clusters: the client knows where the keys are"));
    return this.send(...words, options);
  }

  /** Runs the body with a lease, as pools of node-redis do. @template T @param {(client: Lease) => Promise<T> | T} body @returns {Promise<T>} */
  async execute(body) {
    const lease = await this.lease();
    try {
      return await body(lease);
    } finally {
      lease.release();
    }
  }

  /** `close`, as in other clients. */
  async quit() {
    await this.close();
    return "OK";
  }

  /** `disconnect`, as in node-redis. */
  destroy() {
    this.disconnect();
  }

  /** Connects now, after `lazyConnect`; resolves when the client is connected. */
  connect() {
    return this.#engine.start();
  }

  /** The process may end while this client is open. */
  unref() {
    this.#engine.hold(false);
    return this;
  }

  /** The process stays alive while this client is open, as it does unless `unref` was called. */
  ref() {
    this.#engine.hold(true);
    return this;
  }

  /** Opens other connections at once, as after a failover that somebody else has noticed. */
  reconnect() {
    this.#engine.enter((raw) => raw.reconnect());
  }

  /** Closes the connections at once; commands without an answer are rejected. */
  disconnect() {
    this.#engine.disconnect();
  }
}

/** A promise, and what resolves it with the number of a task. */
function bell() {
  let wake = (/** @type {number} */ _task) => {};
  /** @type {Promise<number>} */
  const promise = new Promise((resolve) => (wake = resolve));
  return { promise, wake };
}

/** A client on a connection of its own. */
export class Lease extends ServerClient {
  #engine;
  #place;

  /** @internal Use `lease`. @param {ServerEngine} engine @param {number} place @param {Replies | null} replies */
  constructor(engine, place, replies) {
    super(engine, place, undefined, undefined, replies);
    this.#engine = engine;
    this.#place = place;
    unused.register(this, { engine: new WeakRef(engine), place }, this);
  }

  /** Gives the connection back. Commands that were sent are answered before. */
  release() {
    unused.unregister(this);
    this.#engine.dropView(this.#place);
  }

  /** The same as `release`: the client that it was leased from stays open. */
  async close() {
    this.release();
  }
}

Object.defineProperty(Lease.prototype, Symbol.dispose ?? Symbol.for("Symbol.dispose"), {
  /** @this {Lease} */
  value() {
    this.release();
  },
});
