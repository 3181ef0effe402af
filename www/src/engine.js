// The side of a client that faces wasm (see raw.d.ts): issues commands and subscriptions, opens and closes the
// connection, and begins anew after a trap. Tests put a fake in place of the wasm side.

/** @import { Arg, Status, SubscribeOptions } from "./index.js" */
/** @import { Instance } from "./instance.js" */
/** @import { Dial, EngineOptions, Entry, GivenOptions, Queued, Shape, Subscribed, Unknown } from "./internal.js" */
/** @import { Hooks, RawClient, Sink } from "./raw.js" */

import { Book } from "./book.js";
import { milliseconds, subscribeOptions } from "./calls.js";
import { Delivery } from "./delivery.js";
import { Dialer } from "./dialer.js";
import { defineCause, internalError, mistake, report, safe, toError } from "./errors.js";
import { Hub } from "./hub.js";
import { soon } from "./instance.js";
import { packOptions } from "./options.js";
import { KIND, Outbox } from "./outbox.js";
import { GaveUp } from "./reconnect.js";
import { looseText } from "./reply.js";
import { Subscription } from "./subscription.js";

export class Engine {
  hub = this._hub();
  bigint;
  instance;
  #dialer;
  /** How errors name the server. */
  #endpoint;
  #options;
  /** @type {RawClient | null} */
  raw = null;
  #book = new Book();
  #delivery;
  #outbox = new Outbox();
  #flushing = false;
  #queue;
  #opened = false;
  /** @type {Promise<void> | null} */
  #closing = null;
  #ended = false;
  /** @type {(Error & { cause?: unknown }) | null} Why the client is closed, if `close` was not called. */
  #gaveUp = null;

  /** @param {Instance} instance @param {Dial} dial @param {EngineOptions} [options] */
  constructor(instance, dial, { bigint = false, ...options } = {}) {
    this.instance = instance;
    this.#dialer = this._dialer(dial, (origin, error) => this.hub.report(origin, error));
    this.#endpoint = dial.endpoint;
    this.#options = options;
    this.bigint = bigint === true;
    this.#queue = { capacity: options.subscriptionCapacity ?? 1024, mostBytes: options.subscriptionBytes };
    this.#delivery = new Delivery(instance, this.#book, (reply) => /** @type {RawClient} */ (this.raw).serverError(reply));
  }

  /** Connects. If that fails, or if the signal fires before, nothing is left open. @param {AbortSignal} [signal] */
  async open(signal) {
    signal?.throwIfAborted();
    this.instance.add(this);
    try {
      await this.#begin(this.#options, signal);
      this.#opened = true;
      this.#dialer.connected();
    } catch (error) {
      this.#gaveUp ??= /** @type {Error} */ (error);
      this.#end();
      throw error instanceof WebAssembly.RuntimeError ? internalError(error) : error;
    }
  }

  /** @param {EngineOptions} options @param {AbortSignal} [signal] @returns {Promise<void>} */
  #begin(options, signal) {
    return new Promise((resolve, reject) => {
      /** @type {Entry} */
      const entry = { id: 0, resolve: () => resolve(), reject, release: null };
      this.#book.add(entry);
      if (signal) this.#listen(entry, signal, () => reject(signal.reason));
      const all = { ...options, endpoint: this.#endpoint };
      const { RawClient } = this.instance;
      this.raw = this._pack(all, (...packed) =>
        this.instance.enter(() => RawClient.open(entry.id, this._hooks(), ...packed)),
      );
    });
  }

  /**
   * @param {string} name
   * @param {unknown[]} words
   * @param {GivenOptions} options
   * @param {Shape | undefined} shape
   * @param {number} [database] The index of another database than that of the options.
   * @returns {Promise<unknown>}
   */
  execute(name, words, options, shape, database) {
    return new Promise((resolve, reject) => {
      const { timeout, signal, bytes, bigint, cached } = options;
      if (timeout !== undefined) milliseconds("timeout", timeout);
      signal?.throwIfAborted();
      if (this.#closing) throw this.#closed(name);
      /** @type {Entry} */
      const entry = { id: 0, resolve, reject, shape, bytes: bytes === true, bigint: bigint ?? this.bigint, release: null };
      const id = this.#book.add(entry);
      try {
        this.#outbox.select(database);
        this.#outbox.add(id, this.instance.name, name, timeout, cached === true ? KIND.cached : KIND.command, words);
      } catch (error) {
        this.#refuse(entry, error);
      }
      if (signal) this.#abortable(entry, signal);
      this.#flushSoon();
    });
  }

  /**
   * Sends commands that are executed together.
   * @param {Queued[]} commands
   * @param {GivenOptions} options
   * @param {number} [database]
   * @returns {Promise<unknown[]>}
   */
  transaction(commands, { timeout, signal }, database) {
    return new Promise((resolve, reject) => {
      if (timeout !== undefined) milliseconds("timeout", timeout);
      signal?.throwIfAborted();
      if (this.#closing) throw this.#closed("MULTI");
      const read = (/** @type {Uint8Array | Error} */ item, /** @type {number} */ place) => this.#delivery.item(item, commands[place]);
      /** @type {Entry} */
      const entry = { id: 0, resolve: (items) => resolve(items.map(read)), reject, release: null };
      const id = this.#book.add(entry);
      this.#outbox.select(database);
      const before = this.#outbox.mark();
      try {
        this.#outbox.entry(KIND.transaction, id, commands.length, timeout);
        for (const { name, words } of commands) {
          this.#outbox.add(0, this.instance.name, name, undefined, KIND.command, words);
        }
      } catch (error) {
        if (!(error instanceof WebAssembly.RuntimeError)) this.#outbox.undo(before);
        this.#refuse(entry, error);
      }
      if (signal) this.#abortable(entry, signal);
      this.#flushSoon();
    });
  }

  /**
   * `method` names the method and the kind of the entry.
   * @param {"subscribe" | "pSubscribe" | "sSubscribe"} method
   * @param {Arg} channel
   * @param {Unknown} callback
   * @param {Unknown} options
   * @returns {Promise<Subscription>}
   */
  subscribe(method, channel, callback, options) {
    return new Promise((resolve, reject) => {
      const { bytes, signal, ...listeners } = subscribeOptions(method, callback, options);
      signal?.throwIfAborted();
      if (this.#closing) throw this.#closed(method);
      if (Array.isArray(channel)) throw mistake(`${method}: the channel is an array (expected one: subscribe to each)`);
      const packed = Outbox.bytesOf(channel);
      const stop = () => this.#drop(entry, undefined);
      const subscription = new Subscription({
        kind: method, channel, hub: this.hub, ...listeners, ...this.#queue, stop,
      });
      const name = looseText(packed, 0, packed.length);
      /** @type {Subscribed} */
      const entry = {
        id: 0, resolve: () => resolve(subscription), reject, release: null,
        subscription, kind: KIND[method], packed, name, bytes: bytes === true,
      };
      this.#subscribe(entry);
      if (signal) this.#abortable(entry, signal);
    });
  }

  /** @param {Subscribed} entry */
  #subscribe(entry) {
    this.#outbox.entry(entry.kind, this.#book.add(entry), 0, undefined, entry.packed);
    this.#flushSoon();
  }

  /** @returns {Status} */
  status() {
    const status = this.raw && this.instance.enter(() => /** @type {RawClient} */ (this.raw).status());
    return status ?? { connections: [], subscriptions: 0, cache: null };
  }

  /** Ends everything at once. */
  disconnect() {
    this.#end();
  }

  /** @returns {Promise<void>} */
  close() {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close() {
    try {
      this.flush();
      await new Promise((/** @type {(done: void) => void} */ resolve, reject) => {
        const id = this.#book.add({ id: 0, resolve, reject, release: null });
        this.instance.enter(() => /** @type {RawClient} */ (this.raw).close(id));
      });
    } catch (error) {
      // After a trap there is nothing left to close, and an event has reported it.
      if (!(error instanceof WebAssembly.RuntimeError || /** @type {Error} */ (error).cause instanceof WebAssembly.RuntimeError)) throw error;
    } finally {
      this.#end();
    }
  }

  /** Lets go of everything: while the wasm side has the hooks, this object cannot be collected. */
  #end() {
    if (this.#ended) return;
    this.#ended = true;
    this.#closing ??= Promise.resolve();
    this.instance.remove(this);
    for (const entry of this.#book.takeAll()) {
      entry.reject(this.#gaveUp ?? this.#closed(null));
      entry.subscription?.finish(this.#gaveUp);
    }
    this._ended(this.#gaveUp ?? this.#closed(null));
    this.hub.end();
    this.#outbox = new Outbox(0);
    if (this.raw) this.instance.free(this.raw);
    this.raw = null;
  }

  /** The wasm instance stopped, and another one has replaced it. @param {unknown} cause */
  trapped(cause) {
    const error = internalError(cause);
    const entries = this.#book.takeAll();
    this.#outbox = new Outbox();
    this.raw = null;
    this.#dialer.destroy();
    this.#tell(error);
    const goesOn = this.#opened && !this.#closing;
    /** @type {Subscribed[]} */
    const subscriptions = [];
    for (const entry of entries) {
      if (goesOn && entry.subscription?.confirmed) {
        subscriptions.push(entry);
        continue;
      }
      entry.reject(error);
      entry.subscription?.finish(error);
    }
    if (!goesOn) return;
    // Attempts go on for as long as necessary, as after any other outage.
    this.#begin({ ...this.#options, abortOnConnectFail: false }).catch((failure) => {
      // A second trap has started its own attempt.
      if (this.raw === null) this.#tell(failure);
    });
    for (const entry of subscriptions) {
      entry.resolve = () => entry.subscription.missed({ cause: "connectionLost", count: null });
      entry.reject = (failure) => entry.subscription.finish(failure);
      this.#subscribe(entry);
      if (entry.signal) this.#abortable(entry, entry.signal);
    }
  }

  /** @param {{ message: string }} error */
  #tell({ message }) {
    this.hub.emit("internalError", { endpoint: this.#endpoint, connectionType: null, origin: "wasm", detail: message, message });
  }

  /** @param {string | null | undefined} command */
  #closed(command) {
    const message = this.#gaveUp?.message ?? "the client is closed";
    const error = toError({ kind: "closed", delivery: "not-sent", command, message: command ? `${command}: ${message}` : message });
    if (this.#gaveUp) defineCause(error, this.#gaveUp.cause);
    return error;
  }

  #flushSoon() {
    if (this.#flushing) return;
    this.#flushing = true;
    soon(this.#flushAlone);
  }

  #flushAlone = () => this.flush(true);

  /** Sends what was issued. `alone`: the event loop calls this, and no other code. @param {boolean} [alone] */
  flush(alone = false) {
    this.#flushing = false;
    if (this.#outbox.isEmpty || !this.raw) return;
    try {
      this.instance.enter(() => this.#outbox.flush((heads, bytes) => /** @type {RawClient} */ (this.raw).execute(heads, bytes, alone)));
    } catch (error) {
      // After a trap everything that was open has been rejected.
      if (!(error instanceof WebAssembly.RuntimeError)) report(error);
    }
  }

  /** @param {Entry} entry @param {AbortSignal} signal */
  #abortable(entry, signal) {
    entry.signal = signal;
    this.#listen(entry, signal, () => this.#drop(entry, signal.reason));
  }

  /** @param {Entry} entry @param {AbortSignal} signal @param {() => void} abort */
  #listen(entry, signal, abort) {
    signal.addEventListener("abort", abort, { once: true });
    entry.release = () => signal.removeEventListener("abort", abort);
  }

  /**
   * Ends an open entry at once, and lets the wasm side drop it.
   * @param {Entry} entry
   * @param {unknown} reason
   */
  #drop(entry, reason) {
    if (!this.#book.isOpen(entry)) return;
    this.#book.drop(entry);
    entry.subscription?.unsubscribe();
    entry.reject(reason);
    this.#outbox.entry(KIND.cancel, entry.id);
    this.#flushSoon();
  }

  /**
   * An opened entry did not reach the outbox.
   * @param {Entry} entry
   * @param {unknown} error
   * @returns {never}
   */
  #refuse(entry, error) {
    // After a trap all numbers are new, and the promise has been rejected.
    if (this.#book.isOpen(entry)) this.#book.close(entry);
    throw error;
  }

  // What the build for servers has otherwise.
  get isClosing() {
    return this.#closing !== null;
  }

  /** Everything that was open is rejected. @param {unknown} [_reason] */
  _ended(_reason) {}

  _hub() {
    return new Hub();
  }

  /** @param {Dial} dial @param {(origin: string, error: unknown) => void} threw */
  _dialer(dial, threw) {
    return new Dialer(this.instance, dial, threw);
  }

  /**
   * @template T
   * @param {EngineOptions & { endpoint: string }} options
   * @param {(...packed: [Float64Array, Uint32Array, Uint8Array]) => T} open
   */
  _pack(options, open) {
    return packOptions(options, open);
  }

  /** The functions that the wasm side calls. None may throw: the wasm side cannot unwind. @returns {Hooks} */
  _hooks() {
    return {
      error: safe((fields) => this.#error(fields)),
      replies: safe((places, count) => this.#delivery.replies(places, count)),
      settle: safe((id, ok, value) => this.#settle(id, ok, value)),
      messages: safe((id, places, count) => this.#delivery.messages(id, places, count)),
      missed: safe((id, cause, count) => {
        this.#book.get(id)?.subscription?.missed({ cause, count: count ?? null });
      }),
      ended: safe((id) => {
        const entry = this.#book.get(id);
        if (!entry?.subscription) return;
        this.#book.close(entry);
        entry.subscription.finish(this.#gaveUp);
      }),
      event: safe((name, payload) => {
        if (name === "connectionRestored") this.#dialer.connected();
        this.hub.emit(name, payload);
      }),
      dial: (/** @type {Sink} */ sink, /** @type {Unknown} */ target) => this.#dialer.open(sink, target),
      delay: safe((attempt, outage) => this.#delay(attempt, outage)),
    };
  }

  /** @param {Parameters<Hooks["error"]>[0]} fields */
  #error(fields) {
    if (fields.kind !== "closed" || !this.#gaveUp) return toError(fields, this.#dialer.broken);
    const error = this.#closed(fields.command);
    error.delivery = /** @type {import("./index.js").Delivery} */ (fields.delivery);
    return error;
  }

  /** @param {number} id @param {boolean} ok @param {unknown} value */
  #settle(id, ok, value) {
    const entry = this.#book.get(id);
    if (!entry) {
      // The outcome of a dropped entry is too late; only the answer to the cancel, which has no value, frees its number.
      if (!ok && value === undefined) this.#book.forget(id);
      return;
    }
    // A confirmed subscription keeps its number until it ends.
    if (!ok || !entry.subscription) this.#book.close(entry);
    if (!ok) return entry.reject(value);
    if (entry.subscription) entry.subscription.confirmed = true;
    entry.resolve(value);
  }

  /**
   * Milliseconds until the next attempt to connect.
   * @param {number} attempt
   * @param {number} outage
   */
  #delay(attempt, outage) {
    const wait = this.#dialer.delay(attempt, outage);
    if (!(wait instanceof GaveUp)) return wait;
    // Later, because the wasm side is calling.
    soon(() => this.#giveUp(attempt, outage, wait.reason));
    return Infinity;
  }

  /** @param {number} attempt @param {number} outage @param {Error | null} reason */
  #giveUp(attempt, outage, reason) {
    if (this.#closing) return;
    const endpoint = this.#endpoint;
    const { broken } = this.#dialer;
    const last = broken ? `: ${broken.message}` : "";
    const message = `reconnect gave up before attempt ${attempt} to connect to ${endpoint}${last}`;
    this.#gaveUp = toError({ kind: this.#opened ? "closed" : "connect", stage: this.#opened ? null : "dial", delivery: "not-sent", endpoint, message });
    defineCause(this.#gaveUp, reason ?? broken);
    if (!this.#opened) return this.#end();
    this.hub.emit("gaveUp", { endpoint, attempts: attempt - 1, outage, error: this.#gaveUp, message });
    this.close().catch(report);
  }
}
