// The client: promises, options and events over a raw client (see raw.d.ts), which is the
// wasm side or, in tests, a fake.

import { describe, isPlain, pack } from "./args.js";
import { CALL_OPTIONS, Calls, checkOptions, milliseconds } from "./calls.js";
import { COMMANDS } from "./commands.js";
import { internalError, RedmuxError, report, toError } from "./errors.js";
import { call, Hub } from "./hub.js";
import { REPLIES, toWords } from "./shape.js";
import { Subscription } from "./subscription.js";

const KINDS = Object.freeze(["subscribe", "pSubscribe", "sSubscribe"]);
const SUBSCRIBE_OPTIONS = Object.freeze(["bytes", "onMissed", "signal"]);
const ASYNC_DISPOSE = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/** Clients that are open: a client lives until it is closed, listeners and all. */
const open = new Set();

/** Connects with the given raw client class; `options` are checked by the raw client. */
export async function openClient(RawClient, url, { signal, ...options } = {}, socket) {
  signal?.throwIfAborted();
  const client = new Client(options);
  const connecting = client.connect(RawClient, url, options, socket);
  if (!signal) return connecting;
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal.reason);
      connecting.then((late) => late.close()).catch(() => {});
    };
    signal.addEventListener("abort", abort, { once: true });
    connecting.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** Whether the wasm instance trapped: nothing may call into it any more. */
export const instance = { stopped: false };

/** Ends every client: their common wasm instance stopped. */
export function instanceStopped(cause) {
  instance.stopped = true;
  for (const client of [...open]) client._stopped(cause);
}

export class Client {
  #raw = null;
  #calls = new Calls();
  #hub = new Hub();
  #capacity;
  #closing = null;
  #failure = null;

  /** @internal Use `connect`. */
  constructor({ subscriptionCapacity = 1024 } = {}) {
    this.#capacity = subscriptionCapacity;
  }

  /** @internal */
  async connect(RawClient, url, options, socket) {
    open.add(this);
    try {
      const raw = await RawClient.connect(url, options, this.#hooks(), socket);
      if (this.#failure) throw this.#failure;
      this.#raw = raw;
      return this;
    } catch (error) {
      open.delete(this);
      throw this.#caught(error);
    }
  }

  /** Sends any command; the last argument may be `{ timeout, signal, bytes }`. */
  send(command, ...args) {
    let options = {};
    if (args.length > 0 && isPlain(args.at(-1))) options = args.pop();
    try {
      if (typeof command !== "string") {
        throw new TypeError(`the command is ${describe(command)} (expected a string)`);
      }
      checkOptions("send", options, CALL_OPTIONS);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#execute([command, ...args.flat()], options);
  }

  subscribe(channel, callback, options) {
    return this.#subscribe(0, channel, callback, options);
  }

  pSubscribe(pattern, callback, options) {
    return this.#subscribe(1, pattern, callback, options);
  }

  sSubscribe(channel, callback, options) {
    return this.#subscribe(2, channel, callback, options);
  }

  /** The keys that match, one after another; duplicates are possible, as with SCAN. */
  async *scanIterator(options = {}) {
    let cursor = "0";
    do {
      const page = await this.scan(cursor, options);
      yield* page.items;
      cursor = page.cursor;
    } while (cursor !== "0");
  }

  on(event, listener) {
    this.#hub.on(event, listener);
    return this;
  }

  once(event, listener) {
    this.#hub.once(event, listener);
    return this;
  }

  off(event, listener) {
    this.#hub.off(event, listener);
    return this;
  }

  /** A snapshot of the connections, for operators. */
  status() {
    if (this.#failure) throw this.#failure;
    return this.#enter(() => this.#raw.status());
  }

  /** Finishes what was sent, ends subscriptions and closes the connection. */
  close() {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [ASYNC_DISPOSE]() {
    return this.close();
  }

  async #close() {
    if (this.#failure) return;
    await new Promise((resolve, reject) => {
      const id = this.#calls.add({ resolve, reject });
      this.#enter(() => this.#raw.close(id));
    });
    open.delete(this);
  }

  /** @internal */
  _call(spec, args) {
    let shaped;
    try {
      shaped = toWords(spec, args);
    } catch (error) {
      return Promise.reject(error);
    }
    const { words, options } = shaped;
    const reply = this.#execute(words, options);
    const shape = spec.reply && REPLIES[spec.reply];
    if (!shape) return reply;
    return reply.then((value) => (value === null ? null : shape(value, options.bytes === true)));
  }

  #execute(words, { timeout, signal, bytes = false }) {
    return new Promise((resolve, reject) => {
      if (this.#failure) throw this.#failure;
      if (timeout !== undefined) milliseconds("timeout", timeout);
      signal?.throwIfAborted();
      const packed = pack(words);
      const id = this.#calls.add({ resolve, reject });
      if (signal) this.#abortable(id, signal, reject);
      this.#enter(() =>
        this.#raw.execute(id, packed.bytes, packed.lengths, timeout, bytes === true, signal !== undefined),
      );
    });
  }

  /** Rejects at once when the signal fires, and lets the wasm side drop the command. */
  #abortable(id, signal, reject) {
    const entry = this.#calls.get(id);
    const abort = () => {
      if (this.#calls.get(id) !== entry) return;
      this.#calls.remove(id);
      reject(signal.reason);
      this.#enter(() => this.#raw.cancel(id));
    };
    signal.addEventListener("abort", abort, { once: true });
    entry.release = () => signal.removeEventListener("abort", abort);
  }

  #subscribe(kind, channel, callback, options) {
    if (isPlain(callback) && options === undefined) [callback, options] = [undefined, callback];
    const { bytes = false, onMissed, signal } = options ?? {};
    return new Promise((resolve, reject) => {
      if (this.#failure) throw this.#failure;
      checkOptions(KINDS[kind], options ?? {}, SUBSCRIBE_OPTIONS);
      for (const listener of [callback, onMissed]) {
        if (listener !== undefined && typeof listener !== "function") {
          throw new TypeError("the listener is not a function");
        }
      }
      signal?.throwIfAborted();
      const packed = pack([channel]);
      let id;
      const stop = () => {
        if (this.#calls.get(id)?.subscription !== subscription) return;
        this.#release(id);
        this.#enter(() => this.#raw.cancel(id));
      };
      const subscription = new Subscription({
        kind: KINDS[kind],
        channel,
        callback,
        onMissed: (gap) => {
          if (onMissed) call(onMissed, gap);
          const message = `a subscription missed ${gap.count ?? "an unknown number of"} messages: ${gap.cause}`;
          this.#hub.emit("missed", { ...gap, source: "subscription", channel, message });
        },
        capacity: this.#capacity,
        stop,
      });
      id = this.#calls.add({ resolve: () => resolve(subscription), reject, subscription });
      if (signal) this.#abortableSubscription(id, signal, reject, subscription);
      this.#enter(() => this.#raw.subscribe(id, kind, packed.bytes, bytes === true));
    });
  }

  #abortableSubscription(id, signal, reject, subscription) {
    const abort = () => {
      reject(signal.reason);
      subscription.unsubscribe();
    };
    signal.addEventListener("abort", abort, { once: true });
    this.#calls.get(id).release = () => signal.removeEventListener("abort", abort);
  }

  /** What the wasm side calls. None of these may throw: it cannot unwind. */
  #hooks() {
    const safe = (hook) => (...args) => {
      try {
        return hook(...args);
      } catch (error) {
        report(error);
      }
    };
    return {
      error: safe((fields) => toError(fields)),
      settle: safe((id, ok, value) => {
        const entry = this.#calls.get(id);
        if (!entry) return;
        // A confirmed subscription keeps its number until it ends.
        if (!ok || !entry.subscription) this.#release(id);
        if (ok) entry.resolve(value);
        else entry.reject(value);
      }),
      message: safe((id, channel, payload, pattern) => {
        this.#calls.get(id)?.subscription?.push({ channel, payload, pattern: pattern ?? null });
      }),
      missed: safe((id, cause, count) => {
        this.#calls.get(id)?.subscription?.missed({ cause, count: count ?? null });
      }),
      ended: safe((id) => this.#release(id)?.subscription?.finish()),
      event: safe((name, payload) => this.#hub.emit(name, payload)),
    };
  }

  #release(id) {
    const entry = this.#calls.remove(id);
    entry?.release?.();
    return entry;
  }

  /** Calls into wasm. A trap ends this and every other client of the instance. */
  #enter(action) {
    try {
      return action();
    } catch (error) {
      throw this.#caught(error);
    }
  }

  #caught(error) {
    if (!(error instanceof WebAssembly.RuntimeError)) return error;
    instanceStopped(error);
    return this.#failure ?? internalError(error);
  }

  /** @internal */
  _stopped(cause) {
    if (this.#failure) return;
    this.#failure = internalError(cause);
    open.delete(this);
    for (const entry of this.#calls.drain()) {
      entry.release?.();
      entry.reject(this.#failure);
      entry.subscription?.finish();
    }
    const { message } = this.#failure;
    this.#hub.emit("internalError", { endpoint: null, connectionType: null, origin: "wasm", detail: message, message });
  }
}

for (const spec of COMMANDS) {
  const method = {
    [spec.method](...args) {
      return this._call(spec, args);
    },
  };
  Object.defineProperty(Client.prototype, spec.method, {
    value: method[spec.method],
    configurable: true,
    writable: true,
  });
}
