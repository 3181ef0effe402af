// One run of SCAN over the keys of a database, in pieces.

import { idOf, show } from "../lib/bytes.js";

/** The most keys that are kept: the page stays quick, and more than that are not readable. */
export const MOST_KEYS = 250_000;
const BATCH = 1000;

export class Scan {
  #session;
  #match;
  #type;
  #cursor = "0";
  #ids = new Set();
  #stopped = false;
  #paused = false;
  entries = [];
  finished = false;
  /** Number of keys that the server has examined, approximately. */
  looked = 0;

  constructor(session, { match, type }) {
    this.#session = session;
    this.#match = match;
    this.#type = type;
  }

  /** Ends the run for good: another one has replaced it. */
  stop() {
    this.#stopped = true;
  }

  /** Pauses until `more` is called again. */
  pause() {
    this.#paused = true;
  }

  get full() {
    return this.entries.length >= MOST_KEYS;
  }

  /** Continues until `wanted` more keys were found, this much time has passed, or all keys are there. */
  async more(wanted, milliseconds, progress = () => {}) {
    const goal = this.entries.length + wanted;
    const end = performance.now() + milliseconds;
    this.#paused = false;
    while (!this.finished && !this.#stopped && !this.#paused && !this.full && this.entries.length < goal && performance.now() < end) {
      await this.#step(Math.min(BATCH, Math.max(100, wanted)));
      progress();
    }
  }

  async #step(count) {
    const words = ["SCAN", this.#cursor, "COUNT", count];
    if (this.#match !== null) words.push("MATCH", this.#match);
    if (this.#type) words.push("TYPE", this.#type);
    const [cursor, keys] = await this.#session.send(...words);
    if (this.#stopped) return;
    this.#cursor = String.fromCharCode(...cursor);
    this.looked += count;
    this.finished = this.#cursor === "0";
    for (const key of keys) {
      const id = idOf(key);
      // SCAN may return a key twice.
      if (this.#ids.has(id)) continue;
      this.#ids.add(id);
      this.entries.push({ key, id, name: show(key), type: this.#type || null, ttl: null });
    }
  }
}

/** `user` finds keys with it in their name; with `*`, `?` or `[` it is a pattern of Redis. */
export function patternOf(text) {
  const wanted = text.trim();
  if (wanted === "") return null;
  return /[*?[]/.test(wanted) ? wanted : `*${wanted}*`;
}
