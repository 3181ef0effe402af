// The channels and patterns of one `Redis` object.

/** @import { Unknown } from "../internal.js" */
/** @import { Link, Message } from "./link.js" */
/** @typedef {"subscribe" | "psubscribe" | "ssubscribe"} Kind */
/** @typedef {{ channel: string | Uint8Array, stop: (() => void) | null }} Entry `stop` while it is subscribed. */
/** @typedef {{ emit(event: string, ...args: unknown[]): boolean, listenerCount(event: string): number }} Emitter */

import { toBuffer } from "./values.js";

/** @type {Record<Kind, { method: "subscribe" | "pSubscribe" | "sSubscribe", event: string }>} */
const KINDS = {
  subscribe: { method: "subscribe", event: "message" },
  psubscribe: { method: "pSubscribe", event: "pmessage" },
  ssubscribe: { method: "sSubscribe", event: "smessage" },
};

export class Subscriptions {
  #emitter;
  /** @type {Record<Kind, Map<string, Entry>>} */
  #entries = { subscribe: new Map(), psubscribe: new Map(), ssubscribe: new Map() };

  /** Calls settle in order. @type {Promise<unknown>} */
  #last = Promise.resolve();

  /** @param {Emitter} emitter */
  constructor(emitter) {
    this.#emitter = emitter;
  }

  get any() {
    return Object.values(this.#entries).some((entries) => entries.size > 0);
  }

  /** The number that Redis answers: of channels and patterns together, or of shard channels. @param {Kind} kind */
  #count(kind) {
    const { subscribe, psubscribe, ssubscribe } = this.#entries;
    return kind === "ssubscribe" ? ssubscribe.size : subscribe.size + psubscribe.size;
  }

  /**
   * Subscribes to channels; returns how many there are then.
   * @param {Link} link
   * @param {Kind} kind
   * @param {readonly Unknown[]} channels
   */
  async add(link, kind, channels) {
    const entries = this.#entries[kind];
    const opened = channels.map((channel) => {
      const name = typeof channel === "string" ? channel : toBuffer(channel).toString();
      if (entries.get(name)?.stop) return null;
      const entry = { channel, stop: null };
      entries.set(name, entry);
      return this.#open(link, kind, name, entry);
    });
    const count = this.#count(kind);
    const settled = Promise.allSettled(opened);
    const before = this.#last;
    this.#last = settled;
    await before;
    const failed = (await settled).find(({ status }) => status === "rejected");
    if (failed) throw /** @type {PromiseRejectedResult} */ (failed).reason;
    return count;
  }

  /** @param {Link} link @param {Kind} kind @param {string} name @param {Entry} entry */
  async #open(link, kind, name, entry) {
    let stopped = false;
    entry.stop = () => (stopped = true);
    const { method, event } = KINDS[kind];
    const bytes = typeof entry.channel === "string" ? Buffer.from(name) : toBuffer(entry.channel);
    try {
      const subscription = await link.subscribe(method, entry.channel, (message) => this.#emit(event, name, bytes, message));
      if (stopped) subscription.unsubscribe();
      else entry.stop = () => subscription.unsubscribe();
    } catch (error) {
      if (this.#entries[kind].get(name) === entry) this.#entries[kind].delete(name);
      throw error;
    }
  }

  /** @param {string} event @param {string} name @param {Buffer} bytes @param {Message} message */
  #emit(event, name, bytes, message) {
    const payload = toBuffer(message.payload);
    const isPattern = event === "pmessage";
    if (this.#emitter.listenerCount(event) > 0) {
      const text = payload.toString();
      if (isPattern) this.#emitter.emit(event, name, message.channel, text);
      else this.#emitter.emit(event, name, text);
    }
    if (this.#emitter.listenerCount(`${event}Buffer`) === 0) return;
    if (isPattern) this.#emitter.emit("pmessageBuffer", name, Buffer.from(message.channel), payload);
    else this.#emitter.emit(`${event}Buffer`, bytes, payload);
  }

  /**
   * Unsubscribes from these channels, or from all; returns how many are left.
   * @param {Kind} kind
   * @param {readonly Unknown[]} channels
   */
  remove(kind, channels) {
    const entries = this.#entries[kind];
    const names = channels.length > 0 ? channels.map((channel) => (typeof channel === "string" ? channel : toBuffer(channel).toString())) : [...entries.keys()];
    for (const name of names) {
      entries.get(name)?.stop?.();
      entries.delete(name);
    }
    return this.#count(kind);
  }

  /** The connection is gone; what was subscribed is remembered. */
  lost() {
    for (const entries of Object.values(this.#entries)) for (const entry of entries.values()) entry.stop = null;
  }

  /** Forgets everything. */
  clear() {
    for (const entries of Object.values(this.#entries)) entries.clear();
  }

  /**
   * Subscribes again on another connection.
   * @param {Link} link
   * @param {(error: Unknown) => void} failed
   */
  restore(link, failed) {
    const opened = [];
    for (const [kind, entries] of Object.entries(this.#entries)) {
      for (const [name, entry] of entries) opened.push(this.#open(link, /** @type {Kind} */ (kind), name, entry).catch(failed));
    }
    return Promise.all(opened);
  }
}
