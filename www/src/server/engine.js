// The engine of a client on a server: views of other servers and databases, connections of their own, tasks.

/** @import { Dial, EngineOptions, GivenOptions, Queued, Shape, Unknown } from "../internal.js" */
/** @import { ServerInstance } from "./instance.js" */
/** @import { ServerDial } from "./dialer.js" */
/** @import { Member } from "./connect.js" */
/** @import { Source } from "../server.js" */
/** @import { Trace } from "./tracing.js" */
/** @typedef {{ item?: (value: Unknown) => void, body?: () => void, resolve(value?: Unknown): void, reject(error: unknown): void }} Task */
/** @typedef {[place: number, heads: Uint32Array, bytes: Uint8Array]} Recipe */

import { Engine } from "../engine.js";
import { internalError, mistake, safe, toError } from "../errors.js";
import { packOptions } from "../options.js";
import { KIND, NO_NAME, Outbox } from "../outbox.js";
import { ServerDialer } from "./dialer.js";
import { captured, withFrames } from "./frames.js";
import { ServerHub } from "./hub.js";
import { packer, SERVER_ONLY } from "./settings.js";
import { addressOf, NO_ADDRESS, OPEN, shownName, sourceOf, TRACES } from "./tracing.js";

/** Numbers above are those of views: see `DATABASES` in www/wasm/src/batch.rs. */
export const DATABASES = 0x80000000;

/** The number of a place in a batch: see `Kind::Select` in www/wasm/src/batch.rs. @param {number | undefined} place */
export function numberOf(place) {
  return place === undefined ? 0 : place + 1;
}

export class ServerEngine extends Engine {
  #settings;
  #members;
  #credentials;
  /** @type {Map<number, Task>} */
  #tasks = new Map();
  #lastTask = 0;
  /** How each view is made; `null`: it has a connection of its own, which nothing can make again. @type {Map<number, Recipe | null>} */
  #views = new Map();
  #lastView = 0;
  /** It is opened with the first command. */
  #isLate = false;
  /** @type {Promise<void>} */
  #opening = Promise.resolve();
  #keeps = true;
  /** @type {Set<WeakRef<object>>} */
  #channels = new Set();
  /** The servers that views are for. @type {Map<number, string>} */
  #nodes = new Map();
  /** What traces and events say of this client. @type {Source} */
  source;
  /** Whether errors have the stack of the call. */
  #stack;

  /**
   * @param {ServerInstance} instance
   * @param {ServerDial} dial
   * @param {EngineOptions} options
   * @param {[string, string][]} settings
   * @param {Member[]} members
   * @param {{ credentials?: ((asked: { endpoint: string }) => Unknown) | undefined, stack?: boolean | undefined }} [more]
   */
  constructor(instance, dial, options, settings, members, { credentials, stack = false } = {}) {
    super(instance, dial, options);
    this.#settings = settings;
    this.#members = members;
    this.#credentials = credentials;
    this.#stack = stack;
    this.source = sourceOf(dial.endpoint, options, settings, members.length > 0);
    const hub = /** @type {ServerHub} */ (this.hub);
    hub.source = this.source;
  }

  _hub() {
    return new ServerHub();
  }

  /** @param {AbortSignal} [signal] */
  async open(signal) {
    signal?.throwIfAborted();
    OPEN.add(this);
    const opened = this.#watched(TRACES.connect, this.source, this.open, () => super.open(signal));
    this.#isLate = false;
    this.#makeViews();
    await opened;
    const { nodes = [] } = /** @type {Unknown} */ (this.status());
    if (this.#members.length === 0 && nodes.length > 1) Object.assign(this.source, NO_ADDRESS);
    // After a trap the server may be away, and could not say what it is.
    if (nodes.some((/** @type {Unknown} */ { slots }) => slots.length > 0)) this.#settings.push(["mode", "cluster"]);
    this.#instance.hold(this, this.#keeps);
  }

  get #instance() {
    return /** @type {ServerInstance} */ (this.instance);
  }

  /** Opens with the first command. */
  openLater() {
    this.#isLate = true;
  }

  /** Opens now, if that is due; resolves when the client is connected. @returns {Promise<void>} */
  start() {
    if (this.isClosing) return Promise.reject(toError({ kind: "closed", delivery: "not-sent", message: "the client is closed" }));
    if (this.#isLate) {
      this.#opening = this.open();
      // What waits is rejected with the same error.
      this.#opening.catch(() => {});
    }
    return this.#opening;
  }

  /** @param {boolean} [alone] */
  flush(alone) {
    if (this.#isLate && !this.isClosing) this.start();
    super.flush(alone);
  }

  /** Whether the process stays alive for this client. @param {boolean} keeps */
  hold(keeps) {
    this.#keeps = keeps;
    if (!this.isClosing) this.#instance.hold(this, keeps);
    for (const weak of this.#channels) {
      const channel = /** @type {Unknown} */ (weak.deref());
      if (channel) channel.hold?.(keeps);
      else this.#channels.delete(weak);
    }
  }

  /** A channel was opened. @param {object} channel */
  keep(channel) {
    for (const weak of this.#channels) if (!weak.deref()) this.#channels.delete(weak);
    this.#channels.add(new WeakRef(channel));
    if (!this.#keeps) /** @type {Unknown} */ (channel).hold?.(false);
  }

  /** @returns {Promise<void>} */
  close() {
    if (!this.#isLate) return super.close();
    this.disconnect();
    return Promise.resolve();
  }

  /** Makes the views on a new connection. The wasm side makes them when it is connected. */
  #makeViews() {
    for (const [place, recipe] of this.#views) this.enter((raw) => raw.view(numberOf(place), .../** @type {Recipe} */ (recipe)));
  }

  /** @param {Dial} dial @param {(origin: string, error: unknown) => void} threw */
  _dialer(dial, threw) {
    return new ServerDialer(this.instance, /** @type {ServerDial} */ (dial), threw);
  }

  /**
   * @template T
   * @param {EngineOptions & { endpoint: string }} options
   * @param {(...packed: [Float64Array, Uint32Array, Uint8Array]) => T} open
   */
  _pack(options, open) {
    return packOptions(options, open, { names: [...SERVER_ONLY], add: packer(this.#settings, this.#members) });
  }

  _hooks() {
    return {
      ...super._hooks(),
      told: safe((/** @type {number} */ task, /** @type {string} */ what, /** @type {Unknown} */ value) => this.#told(task, what, value)),
    };
  }

  /**
   * @param {string} name
   * @param {unknown[]} words
   * @param {GivenOptions} options
   * @param {Shape | undefined} shape
   * @param {number} [place]
   */
  execute(name, words, options, shape, place) {
    if (!this.#has(place)) return Promise.reject(gone(name));
    if (this.#stack || TRACES.command.isWatched) return this.#execute(name, words, options, shape, place);
    return super.execute(name, words, options, shape, place);
  }

  /**
   * @param {string} name
   * @param {unknown[]} words
   * @param {GivenOptions} options
   * @param {Shape | undefined} shape
   * @param {number} [place]
   */
  #execute(name, words, options, shape, place) {
    return this.#watched(TRACES.command, { ...this.#at(place), command: shownName(name) }, this.execute, () => super.execute(name, words, options, shape, place));
  }

  /** @param {Queued[]} commands @param {GivenOptions} options @param {number} [place] */
  transaction(commands, options, place) {
    if (!this.#has(place)) return Promise.reject(gone("MULTI"));
    if (this.#stack || TRACES.transaction.isWatched) return this.#transaction(commands, options, place);
    return super.transaction(commands, options, place);
  }

  /** @param {Queued[]} commands @param {GivenOptions} options @param {number} [place] */
  #transaction(commands, options, place) {
    const context = { ...this.#at(place), command: "MULTI", size: commands.length };
    return this.#watched(TRACES.transaction, context, this.transaction, () => super.transaction(commands, options, place));
  }

  /** @param {"subscribe" | "pSubscribe" | "sSubscribe"} method @param {Unknown} channel @param {Unknown} callback @param {Unknown} options */
  subscribe(method, channel, callback, options) {
    const context = { ...this.#at(undefined), command: method.toUpperCase() };
    return this.#watched(TRACES.command, context, this.subscribe, () => super.subscribe(method, channel, callback, options));
  }

  /**
   * What is known of a command for this place.
   * @param {number | undefined} place
   * @returns {Source}
   */
  #at(place) {
    if (place === undefined) return this.source;
    if (place < DATABASES) return { ...this.source, database: place };
    const recipe = this.#views.get(place);
    // The program may have selected any database.
    if (!recipe) return { ...this.source, database: null };
    const at = this.#at(recipe[0] === 0 ? undefined : recipe[0] - 1);
    const node = this.#nodes.get(place);
    return node === undefined ? at : { ...at, endpoint: node, ...addressOf(node) };
  }

  /**
   * Does something as those who watch want it.
   * @template T
   * @param {Trace} trace
   * @param {Source & { command?: string, size?: number }} context
   * @param {Function} below
   * @param {() => Promise<T>} issue
   * @returns {Promise<T>}
   */
  #watched(trace, context, below, issue) {
    const action = this.#stack ? () => framed(issue(), captured(below)) : issue;
    return trace.isWatched ? trace.run({ ...context, start: performance.now() }, action) : action();
  }

  /**
   * Publishes a command that the wasm side sends, while `action` waits for its outcome.
   * @template T
   * @param {string} command
   * @param {number | undefined} place
   * @param {() => Promise<T>} action
   * @returns {Promise<T>}
   */
  traced(command, place, action) {
    if (!TRACES.command.isWatched) return action();
    const context = { ...this.#at(place), command, start: performance.now() };
    return TRACES.command.run(context, action);
  }

  /** Whether a database or a view can be used. @param {number | undefined} place */
  #has(place) {
    return place === undefined || place < DATABASES || this.#views.has(place);
  }

  /**
   * Runs a task of the wasm side, which `begin` gets the number of.
   * @param {string} name
   * @param {(raw: Unknown, task: number) => void} begin
   * @param {{ signal?: AbortSignal | undefined, item?: Task["item"], body?: (task: number) => void }} [options]
   * @returns {Promise<Unknown>}
   */
  run(name, begin, options) {
    const promise = this.#run(name, begin, options);
    return this.#stack ? framed(promise, captured(this.run)) : promise;
  }

  /** @param {string} name @param {Parameters<ServerEngine["run"]>[1]} begin @param {Parameters<ServerEngine["run"]>[2]} [options] @returns {Promise<Unknown>} */
  #run(name, begin, { signal, item, body } = {}) {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#isLate) this.start();
      if (!this.raw || this.isClosing) throw toError({ kind: "closed", delivery: "not-sent", command: name, message: `${name}: the client is closed` });
      const task = (this.#lastTask = (this.#lastTask % 0xffffffff) + 1);
      const abort = () => {
        this.cancel(task);
        reject(/** @type {AbortSignal} */ (signal).reason);
      };
      const end = (/** @type {(value: Unknown) => void} */ settle) => (/** @type {Unknown} */ value) => {
        signal?.removeEventListener("abort", abort);
        settle(value);
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#tasks.set(task, { item, body: () => body?.(task), resolve: end(resolve), reject: end(reject) });
      this.enter((raw) => begin(raw, task));
    });
  }

  /** Ends a task; its promise stays as it is. @param {number} task */
  cancel(task) {
    if (this.#tasks.delete(task)) this.enter((raw) => raw.cancel(task));
  }

  /**
   * Calls into wasm, with what was issued before sent before; nothing happens without an instance.
   * @template T
   * @param {(raw: Unknown) => T} action
   * @returns {T | undefined}
   */
  enter(action) {
    this.flush();
    return this.raw ? this.instance.enter(() => action(this.raw)) : undefined;
  }

  /**
   * Makes a view of a database, with these differences.
   * @param {number | undefined} place
   * @param {[what: string, value: string][]} steps
   */
  view(place, steps) {
    const number = this.reserve();
    const recipe = /** @type {Recipe} */ ([numberOf(place), ...packed(steps.flat())]);
    if (!this.#isLate && !this.enter((raw) => raw.view(numberOf(number), ...recipe))) {
      throw mistake(this.raw ? "node: no server is known at this address" : "the client is closed");
    }
    this.#views.set(number, recipe);
    const node = steps.find(([what]) => what === "node");
    if (node) this.#nodes.set(number, node[1]);
    return number;
  }

  /** The place of a view that is to be made. */
  reserve() {
    do this.#lastView = (this.#lastView + 1) % (DATABASES - 1);
    while (this.#views.has(DATABASES + this.#lastView));
    return DATABASES + this.#lastView;
  }

  /** A view that the wasm side has made. @param {number} place */
  adopt(place) {
    this.#views.set(place, null);
  }

  /** The wasm side lets go of it. @param {number} place */
  disown(place) {
    this.#views.delete(place);
  }

  get isGroup() {
    return this.#members.length > 0;
  }

  /** @param {number} place */
  dropView(place) {
    this.#nodes.delete(place);
    if (this.#views.delete(place)) this.enter((raw) => raw.dropView(numberOf(place)));
  }

  /** @param {number} task @param {string} what @param {Unknown} value */
  #told(task, what, value) {
    if (what === "credentials") return void this.#provide(task, value);
    const known = this.#tasks.get(task);
    if (!known) return;
    if (what === "item") return known.item?.(value);
    if (what === "body") return known.body?.();
    this.#tasks.delete(task);
    if (what === "done") known.resolve(value);
    else known.reject(value);
  }

  /** Answers a question for credentials. @param {number} number @param {string} endpoint */
  async #provide(number, endpoint) {
    /** @type {Unknown[]} */
    let answer;
    try {
      const { password, username, validFor } = await /** @type {Unknown} */ (this.#credentials)({ endpoint });
      if (typeof password !== "string") throw mistake("credentials: expected { password, username, validFor }, the password a string");
      answer = [password, username ?? undefined, validFor ?? undefined, ""];
    } catch (error) {
      this.hub.report("credentials", error);
      answer = [undefined, undefined, undefined, `the program gave none: ${/** @type {Unknown} */ (error)?.message ?? "no reason"}`];
    }
    this.enter((raw) => raw.giveCredentials(number, ...answer));
  }

  /** @param {unknown} cause */
  trapped(cause) {
    const rejectAll = this.#takeTasks();
    for (const [place, recipe] of this.#views) if (!recipe) this.#views.delete(place);
    super.trapped(cause);
    this.#makeViews();
    rejectAll(internalError(cause));
  }

  /** @param {unknown} [reason] */
  _ended(reason) {
    OPEN.delete(this);
    this.#takeTasks()(reason);
  }

  /** Forgets all tasks; returns what rejects them. */
  #takeTasks() {
    const tasks = [...this.#tasks.values()];
    this.#tasks.clear();
    return (/** @type {unknown} */ reason) => tasks.forEach(({ reject }) => reject(reason));
  }
}

/** Packs words for the wasm side. @param {unknown[]} words @returns {[Uint32Array, Uint8Array]} */
export function packed(words) {
  const outbox = new Outbox();
  outbox.add(0, () => NO_NAME, "", undefined, KIND.command, words);
  return outbox.flush((heads, bytes) => [heads.slice(), bytes.slice()]);
}

/**
 * With errors that have these frames, also among the replies of a transaction.
 * @template T
 * @param {Promise<T>} promise
 * @param {{ stack?: unknown }} at
 * @returns {Promise<T>}
 */
function framed(promise, at) {
  const items = (/** @type {Unknown} */ value) =>
    Array.isArray(value) && value.some((item) => item instanceof Error) ? value.map((item) => withFrames(item, at)) : value;
  return promise.then(items, (error) => {
    throw withFrames(error, at);
  });
}

/** @param {string} command */
function gone(command) {
  return toError({ kind: "closed", delivery: "not-sent", command, message: `${command}: this connection was given back, or lost with the wasm instance` });
}
