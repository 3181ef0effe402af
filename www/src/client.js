// The client: promises, options and events over a raw client (see raw.d.ts), which is the
// wasm side or, in tests, a fake.

import { CALL_OPTIONS, checkOptions, milliseconds } from "./calls.js";
import { COMMANDS } from "./commands.js";
import { internalError, RedmuxError, report, toError } from "./errors.js";
import { call, Hub } from "./hub.js";
import { soon } from "./instance.js";
import { packOptions } from "./options.js";
import { describe, isPlain, Outbox } from "./outbox.js";
import { looseText, NotText, ReplyReader } from "./reply.js";
import { REPLIES } from "./replies.js";
import { script } from "./script.js";
import { toWords } from "./shape.js";
import { Subscription } from "./subscription.js";
import { openLink } from "./transports/channel.js";

const KINDS = Object.freeze(["subscribe", "pSubscribe", "sSubscribe"]);
const SUBSCRIBE_OPTIONS = Object.freeze(["bytes", "onMissed", "signal"]);
const ASYNC_DISPOSE = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");
const NO_OPTIONS = Object.freeze({});

/**
 * Connects over `dial`, `{ transport, address, endpoint, delay }`; `options` are checked by the raw
 * client.
 */
export async function openClient(instance, dial, { signal, ...options } = {}) {
  signal?.throwIfAborted();
  const client = new Client(instance, dial, options);
  const connecting = client._open();
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

export class Client {
  #instance;
  #dial;
  #options;
  #bigint;
  #raw = null;
  /** What is open: promises that wait, and subscriptions, by the number that wasm knows. */
  #entries = [];
  #free = [];
  #outbox = new Outbox();
  #flushing = false;
  #reader;
  #hub = new Hub();
  #capacity;
  #closing = null;
  #links = new Set();
  #lastEnd = null;

  /** @internal Use `connect`. */
  constructor(instance, dial, { bigint = false, ...options } = {}) {
    this.#instance = instance;
    this.#dial = dial;
    this.#options = options;
    this.#bigint = bigint === true;
    this.#capacity = options.subscriptionCapacity ?? 1024;
    this.#reader = new ReplyReader(
      (bytes) => this.#raw.serverError(bytes),
      () => this.#instance.memory,
    );
  }

  /** @internal */
  async _open() {
    this.#instance.add(this);
    try {
      await this.#begin(this.#options);
      return this;
    } catch (error) {
      this.#instance.remove(this);
      throw error instanceof WebAssembly.RuntimeError ? internalError(error) : error;
    }
  }

  #begin(options) {
    return new Promise((resolve, reject) => {
      const id = this.#add({ resolve: () => resolve(), reject });
      const all = { ...options, endpoint: this.#dial.endpoint };
      const { RawClient } = this.#instance;
      this.#raw = packOptions(all, (...packed) => this.#instance.enter(() => RawClient.open(id, this.#hooks(), ...packed)));
    });
  }

  /** Sends any command; the last argument may be `{ timeout, signal, bytes, bigint, cached }`. */
  send(command, ...args) {
    let options = NO_OPTIONS;
    if (args.length > 0 && isPlain(args[args.length - 1])) options = args.pop();
    try {
      if (typeof command !== "string") {
        throw new TypeError(`the command is ${describe(command)} (expected a string)`);
      }
      if (options !== NO_OPTIONS) checkOptions("send", options, CALL_OPTIONS);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#execute(command, args, options, undefined);
  }

  /** Commands that are executed together, or not at all. */
  multi() {
    return new Queue(this, true);
  }

  /** Commands that are sent together. */
  pipeline() {
    return new Queue(this, false);
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

  /** The same as an `EventTarget`: each is a `CustomEvent` whose `detail` it is. */
  get events() {
    return this.#hub.target;
  }

  /** Events from now on, as `{ type, detail }`, until the client is closed. */
  [Symbol.asyncIterator]() {
    return this.#hub.iterate();
  }

  /** A snapshot of the connections, for operators. */
  status() {
    return this.#instance.enter(() => this.#raw.status());
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
    this.#flush();
    await new Promise((resolve, reject) => {
      const id = this.#add({ resolve, reject });
      this.#instance.enter(() => this.#raw.close(id));
    });
    this.#instance.remove(this);
    this.#hub.end();
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
    return this.#execute(spec.command, shaped?.words ?? args, options, REPLIES[spec.reply]);
  }

  #execute(name, words, options, shape) {
    return new Promise((resolve, reject) => {
      const { timeout, signal, bytes, bigint, cached } = options;
      if (timeout !== undefined) milliseconds("timeout", timeout);
      signal?.throwIfAborted();
      if (this.#closing) throw closedError(name);
      const asBytes = bytes === true;
      const entry = { resolve, reject, shape, bytes: asBytes, bigint: bigint ?? this.#bigint, release: null };
      const id = this.#add(entry);
      try {
        this.#outbox.add(id, this.#instance.name, name, timeout, cached === true, words);
      } catch (error) {
        // After a trap all numbers are new, and this promise is rejected already.
        if (!(error instanceof WebAssembly.RuntimeError)) this.#release(id);
        throw error;
      }
      if (signal) this.#abortable(id, entry, signal, reject);
      if (!this.#flushing) {
        this.#flushing = true;
        soon(this.#flushAlone);
      }
    });
  }

  #flushAlone = () => this.#flush(true);

  /** @internal */
  _send(name, words, options, shape) {
    return this.#execute(name, words, options, shape);
  }

  /** @internal */
  get _bigint() {
    return this.#bigint;
  }

  /** @internal What was issued in this turn crosses now. */
  _flush() {
    this.#flush();
  }

  /** `alone`: nothing but the event loop has called this. */
  #flush(alone = false) {
    this.#flushing = false;
    if (this.#outbox.isEmpty) return;
    try {
      this.#instance.enter(() => this.#outbox.flush((heads, bytes) => this.#raw.execute(heads, bytes, alone)));
    } catch (error) {
      // After a trap everything that was open is rejected already.
      if (!(error instanceof WebAssembly.RuntimeError)) report(error);
    }
  }

  /** Rejects at once when the signal fires, and lets the wasm side drop the command. */
  #abortable(id, entry, signal, reject) {
    const abort = () => {
      if (this.#entries[id] !== entry) return;
      // The number is free again when the wasm side has let go of it.
      this.#entries[id] = DROPPED;
      reject(signal.reason);
      this.#flush();
      this.#instance.enter(() => this.#raw.cancel(id));
    };
    signal.addEventListener("abort", abort, { once: true });
    entry.release = () => signal.removeEventListener("abort", abort);
  }

  /** @internal Commands of a transaction: `{ name, words, options, shape }`. */
  _transaction(commands, { timeout, signal }) {
    return new Promise((resolve, reject) => {
      if (timeout !== undefined) milliseconds("timeout", timeout);
      signal?.throwIfAborted();
      if (this.#closing) throw closedError("MULTI");
      const outbox = new Outbox();
      for (const { name, words } of commands) outbox.add(0, this.#instance.name, name, undefined, false, words);
      this.#flush();
      const entry = { resolve: (items) => resolve(items.map(read)), reject, release: null };
      const read = (item, place) => {
        if (item instanceof Error) return item;
        try {
          return this.#value(item, 0, item.length, commands[place]);
        } catch (error) {
          return decodeError(error);
        }
      };
      const id = this.#add(entry);
      if (signal) {
        const abort = () => {
          if (this.#entries[id] !== entry) return;
          this.#release(id);
          reject(signal.reason);
          this.#instance.enter(() => this.#raw.abort(id));
        };
        signal.addEventListener("abort", abort, { once: true });
        entry.release = () => signal.removeEventListener("abort", abort);
      }
      outbox.flush((heads, bytes) =>
        this.#instance.enter(() => this.#raw.transaction(id, heads, bytes, timeout)),
      );
    });
  }

  #value(memory, at, length, { bytes, bigint, shape }) {
    const value =
      shape === REPLIES.object && !bytes
        ? this.#reader.readObject(memory, at, length, bigint)
        : this.#reader.read(memory, at, length, bytes, bigint);
    return shape === undefined || value === null ? value : shape(value, bytes);
  }

  #subscribe(kind, channel, callback, options) {
    if (isPlain(callback) && options === undefined) [callback, options] = [undefined, callback];
    const { bytes = false, onMissed, signal } = options ?? {};
    return new Promise((resolve, reject) => {
      checkOptions(KINDS[kind], options ?? {}, SUBSCRIBE_OPTIONS);
      for (const listener of [callback, onMissed]) {
        if (listener !== undefined && typeof listener !== "function") {
          throw new TypeError("the listener is not a function");
        }
      }
      signal?.throwIfAborted();
      if (this.#closing) throw closedError(KINDS[kind]);
      const packed = Outbox.bytesOf(channel);
      const entry = { resolve: () => resolve(subscription), reject, release: null, subscription: null, kind, packed, name: looseText(packed, 0, packed.length), bytes: bytes === true };
      const stop = () => {
        const id = this.#entries.indexOf(entry);
        if (id < 0) return;
        this.#release(id);
        this.#instance.enter(() => this.#raw.abort(id));
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
      entry.subscription = subscription;
      const id = this.#add(entry);
      if (signal) {
        const abort = () => {
          reject(signal.reason);
          subscription.unsubscribe();
        };
        signal.addEventListener("abort", abort, { once: true });
        entry.release = () => signal.removeEventListener("abort", abort);
      }
      this.#flush();
      this.#instance.enter(() => this.#raw.subscribe(id, kind, packed));
    });
  }

  /** What the wasm side calls. None of these may throw: it cannot unwind. */
  #hooks() {
    // Not by `...args`, which would make an array for every reply.
    const safe = (hook) => (first, second, third) => {
      try {
        return hook(first, second, third);
      } catch (error) {
        report(error);
      }
    };
    return {
      error: safe((fields) => toError(fields)),
      replies: safe((places, count) => this.#replies(places, count)),
      settle: safe((id, ok, value) => {
        const entry = this.#entries[id];
        if (!entry) return;
        // A confirmed subscription keeps its number until it ends.
        if (!ok || !entry.subscription) this.#release(id);
        if (!ok) entry.reject(value);
        else {
          if (entry.subscription) entry.subscription.confirmed = true;
          entry.resolve(value);
        }
      }),
      messages: safe((id, places, count) => this.#messages(this.#entries[id], places, count)),
      missed: safe((id, cause, count) => {
        this.#entries[id]?.subscription?.missed({ cause, count: count ?? null });
      }),
      ended: safe((id) => this.#release(id)?.subscription?.finish()),
      event: safe((name, payload) => this.#hub.emit(name, payload)),
      dial: (sink) => this.#link(sink),
      delay: safe((attempt, outage) => {
        const end = this.#lastEnd;
        this.#lastEnd = null;
        const code = end?.closeCode ?? null;
        return this.#dial.delay({ attempt, outage, code, error: end });
      }),
    };
  }

  /** Replies are in the memory of wasm: `count` times number, place and length. */
  #replies(places, count) {
    let { memory, words } = this.#instance;
    const start = places >>> 2;
    for (let at = start; at < start + count * 3; at += 3) {
      // An error inside of a reply is read by wasm, whose memory may grow by it.
      if (words.length === 0) ({ memory, words } = this.#instance);
      const id = words[at];
      const entry = this.#entries[id];
      // Given up meanwhile; the wasm side tells when the number is free.
      if (entry === undefined || entry === DROPPED) continue;
      this.#release(id);
      let value;
      try {
        value = this.#value(memory, words[at + 1], words[at + 2], entry);
      } catch (error) {
        entry.reject(decodeError(error));
        continue;
      }
      entry.resolve(value);
    }
  }

  /** Messages are in the memory of wasm: `count` times place and length of the payload, and of the channel. */
  #messages(entry, places, count) {
    if (!entry?.subscription) return;
    let { memory, words } = this.#instance;
    const start = places >>> 2;
    for (let at = start; at < start + count * 4; at += 4) {
      // A listener may have called into wasm, whose memory may have grown by it.
      if (words.length === 0) ({ memory, words } = this.#instance);
      const from = words[at];
      const to = from + words[at + 1];
      const payload = entry.bytes ? memory.slice(from, to) : looseText(memory, from, to);
      // Only a pattern has more than one channel.
      const channel = entry.kind === 1 ? looseText(memory, words[at + 2], words[at + 2] + words[at + 3]) : entry.name;
      entry.subscription.push({ channel, payload, pattern: entry.kind === 1 ? entry.name : null });
    }
  }

  /** Opens what carries the bytes; `sink` is told what happens to it. */
  #link(sink) {
    const guard = (action) => this.#instance.guard(action);
    const told = {
      open: guard(() => sink.open()),
      data: guard((length) => sink.data(length)),
      drain: guard(() => sink.drain()),
      end: guard((kind, message) => {
        sink.end(kind, message);
        // Nothing comes after it: its memory need not wait for the garbage collector.
        sink.free();
      }),
    };
    const { transport, address } = this.#dial;
    const link = openLink(transport, address, told, () => this.#instance.memory, (error) => {
      this.#links.delete(link);
      this.#lastEnd = error;
    });
    this.#links.add(link);
    return link;
  }

  #add(entry) {
    const id = this.#free.pop() ?? this.#entries.length;
    this.#entries[id] = entry;
    return id;
  }

  #release(id) {
    const entry = this.#entries[id];
    if (entry === undefined) return undefined;
    this.#entries[id] = undefined;
    this.#free.push(id);
    if (entry.release) entry.release();
    return entry;
  }

  /** @internal The wasm instance stopped, and another one is there. */
  _trapped(cause) {
    const entries = this.#entries;
    const error = internalError(cause);
    this.#entries = [];
    this.#free = [];
    this.#outbox = new Outbox();
    for (const link of [...this.#links]) link.close();
    const { message } = error;
    this.#hub.emit("internalError", { endpoint: this.#dial.endpoint, connectionType: null, origin: "wasm", detail: message, message });
    const subscriptions = entries.filter((entry) => entry?.subscription?.confirmed);
    for (const entry of entries) {
      if (!entry || entry === DROPPED || subscriptions.includes(entry)) continue;
      entry.release?.();
      entry.reject(error);
      entry.subscription?.finish();
    }
    if (this.#closing) return;
    // It goes on trying for as long as it takes, as after any other outage.
    this.#begin({ ...this.#options, abortOnConnectFail: false }).then(
      () => this.#resubscribe(subscriptions),
      (failure) => subscriptions.forEach((entry) => entry.subscription.finish(failure)),
    );
  }

  #resubscribe(subscriptions) {
    for (const entry of subscriptions) {
      if (!entry.subscription.active) continue;
      entry.resolve = () => entry.subscription.missed({ cause: "connectionLost", count: null });
      entry.reject = () => entry.subscription.finish();
      const id = this.#add(entry);
      this.#instance.enter(() => this.#raw.subscribe(id, entry.kind, entry.packed));
    }
  }
}

/** Of a command that was aborted, until the wasm side has let go of it. */
const DROPPED = Object.freeze({ resolve() {}, reject() {}, release: null });

function hasPlain(args) {
  for (let n = 0; n < args.length; n++) if (typeof args[n] === "object" && isPlain(args[n])) return true;
  return false;
}

function closedError(command) {
  return toError({ kind: "closed", delivery: "not-sent", command, message: `${command}: the client is closed` });
}

function decodeError(error) {
  if (!(error instanceof NotText)) return error;
  return new RedmuxError(error.message, { kind: "decode", delivery: "answered" });
}

/** Goes through all pages item by item, or page by page with `batches()`. */
function pages(page, items) {
  async function* batches() {
    let cursor = "0";
    do {
      const reply = await page(cursor);
      if (reply[items].length > 0) yield reply[items];
      ({ cursor } = reply);
    } while (cursor !== "0");
  }
  async function* each() {
    for await (const batch of batches()) yield* batch;
  }
  return Object.assign(each(), { batches });
}

/** Commands that go together; has the methods of a client, and `send`. */
export class Queue {
  #client;
  #commands = [];
  #together;
  #done = false;

  /** @internal Made by `multi` and `pipeline`. */
  constructor(client, together) {
    this.#client = client;
    this.#together = together;
  }

  /** How many commands are in it. */
  get length() {
    return this.#commands.length;
  }

  send(command, ...args) {
    let options = NO_OPTIONS;
    if (args.length > 0 && isPlain(args[args.length - 1])) options = args.pop();
    if (typeof command !== "string") throw new TypeError(`the command is ${describe(command)} (expected a string)`);
    checkOptions("send", options, CALL_OPTIONS);
    return this.#push(command, args, options, undefined, "send");
  }

  /** @internal */
  _call(spec, args) {
    const { words, options } = toWords(spec, args);
    return this.#push(spec.command, words, options, REPLIES[spec.reply], spec.method);
  }

  #push(name, words, { bytes = false, bigint, timeout, signal, cached }, shape, method) {
    if (timeout !== undefined || signal !== undefined || cached !== undefined) {
      throw new TypeError(`${method}: timeout and signal are options of exec, and nothing is cached`);
    }
    this.#commands.push({ name, words, bytes, bigint: bigint ?? this.#client._bigint, shape });
    return this;
  }

  /** The replies, in order. Rejects with the first error; the other commands ran nevertheless. */
  async exec(options) {
    const results = await this.execSettled(options);
    const failed = results.find(({ status }) => status === "rejected");
    if (failed) throw failed.reason;
    return results.map(({ value }) => value);
  }

  /** What became of each command, as `Promise.allSettled` tells it. */
  async execSettled(options = {}) {
    checkOptions("exec", options, ["timeout", "signal"]);
    if (this.#done) throw new TypeError("exec: these commands have been sent");
    this.#done = true;
    if (this.#commands.length === 0) return [];
    if (!this.#together) {
      const calls = this.#commands.map(({ name, words, bytes, bigint, shape }) =>
        this.#client._send(name, words, { ...options, bytes, bigint }, shape),
      );
      return Promise.allSettled(calls);
    }
    const items = await this.#client._transaction(this.#commands, options);
    return items.map((item) =>
      item instanceof Error ? { status: "rejected", reason: item } : { status: "fulfilled", value: item },
    );
  }
}

for (const spec of COMMANDS) {
  const method = {
    [spec.method](...args) {
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
