// What is open on one connection: promises that wait for a reply, and subscriptions. Both
// are known to the wasm side by a number, which is handed out again after use.

export class Calls {
  #entries = [];
  #free = [];

  /** Keeps `entry` and returns its number. */
  add(entry) {
    const id = this.#free.pop() ?? this.#entries.length;
    this.#entries[id] = entry;
    return id;
  }

  get(id) {
    return this.#entries[id];
  }

  /** Takes the entry out; its number may be handed out again. */
  remove(id) {
    const entry = this.#entries[id];
    if (entry === undefined) return undefined;
    this.#entries[id] = undefined;
    this.#free.push(id);
    return entry;
  }

  /** Takes all entries out. */
  drain() {
    const entries = this.#entries.filter((entry) => entry !== undefined);
    this.#entries = [];
    this.#free = [];
    return entries;
  }
}

/** Checks a number of milliseconds; `name` is what the caller calls it. */
export function milliseconds(name, value) {
  if (typeof value !== "number" || !(value > 0)) {
    throw new TypeError(`${name}: expected milliseconds greater than 0, or Infinity`);
  }
  return value;
}

/** The options that every command takes. */
export const CALL_OPTIONS = Object.freeze(["timeout", "signal", "bytes"]);

/** Refuses options that do not exist, so that a misspelt one is not ignored. */
export function checkOptions(what, options, known) {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TypeError(`${what}: ${name} is not an option (expected one of ${known.join(", ")})`);
    }
  }
}
