// What is open: promises that wait, and subscriptions, each under the number that the wasm side knows.

/** @import { Entry } from "./internal.js" */

/** Holds the number of a dropped entry until the wasm side has let go of it. */
const DROPPED = Symbol();

export class Book {
  /** @type {(Entry | typeof DROPPED | undefined)[]} */
  #entries = [];
  /** @type {number[]} */
  #free = [];

  /** Opens an entry; returns its number. @param {Entry} entry */
  add(entry) {
    const id = this.#free.pop() ?? this.#entries.length;
    this.#entries[id] = entry;
    entry.id = id;
    return id;
  }

  /** The entry with this number, unless it was dropped. @param {number} id */
  get(id) {
    const entry = this.#entries[id];
    return entry === DROPPED ? undefined : entry;
  }

  /** @param {Entry} entry */
  isOpen(entry) {
    return this.#entries[entry.id] === entry;
  }

  /** Closes an open entry: its number is free. @param {Entry} entry */
  close(entry) {
    this.#entries[entry.id] = undefined;
    this.#free.push(entry.id);
    entry.release?.();
  }

  /** Closes an entry whose number the wasm side still uses. @param {Entry} entry */
  drop(entry) {
    entry.release?.();
    this.#entries[entry.id] = DROPPED;
  }

  /** The wasm side has let go of a dropped entry's number. @param {number} id */
  forget(id) {
    if (this.#entries[id] !== DROPPED) return;
    this.#entries[id] = undefined;
    this.#free.push(id);
  }

  /** Closes all entries, and returns those that were not dropped. Every number is free. */
  takeAll() {
    const entries = [];
    for (const entry of this.#entries) {
      if (!entry || entry === DROPPED) continue;
      entry.release?.();
      entry.release = null;
      entries.push(entry);
    }
    this.#entries = [];
    this.#free = [];
    return entries;
  }
}
