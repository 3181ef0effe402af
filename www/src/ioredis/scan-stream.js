// SCAN and its relatives as streams of pages.

/** @import { Unknown } from "../internal.js" */
/** @typedef {{ match?: string, type?: string, count?: number | string, noValues?: boolean } & import("node:stream").ReadableOptions} ScanOptions */
/** @typedef {ScanOptions & { key?: Unknown, redis: Unknown, command: string }} Parts */

import { Readable } from "node:stream";

export class ScanStream extends Readable {
  #parts;
  #cursor = "0";
  #drained = false;

  /** @param {Parts} parts */
  constructor(parts) {
    const { key, redis, command, match, type, count, noValues, ...options } = parts;
    super(options);
    this.#parts = parts;
  }

  _read() {
    if (this.#drained) {
      this.push(null);
      return;
    }
    const { key, redis, command, match, type, count, noValues } = this.#parts;
    /** @type {unknown[]} */
    const args = key === undefined ? [this.#cursor] : [key, this.#cursor];
    if (match) args.push("MATCH", match);
    if (type) args.push("TYPE", type);
    if (count) args.push("COUNT", String(count));
    if (noValues) args.push("NOVALUES");
    redis[command](args).then(
      (/** @type {[string | Buffer, unknown[]]} */ [cursor, page]) => {
        this.#cursor = String(cursor);
        if (this.#cursor === "0") this.#drained = true;
        this.push(page);
      },
      (/** @type {Error} */ error) => this.destroy(error),
    );
  }

  /** No further page is asked for. */
  close() {
    this.#drained = true;
  }
}

/** Adds `scanStream` and its relatives. @param {{ prototype: object }} target */
export function addScans({ prototype }) {
  for (const name of ["scan", "sscan", "hscan", "zscan"]) {
    for (const [suffix, command] of [["Stream", name], ["BufferStream", `${name}Buffer`]]) {
      const withKey = name !== "scan";
      /** @this {object} @param {...Unknown} args */
      const value = function (...args) {
        const [key, options] = withKey ? args : [undefined, args[0]];
        return new ScanStream({ objectMode: true, ...options, key, redis: this, command });
      };
      Object.defineProperty(prototype, name + suffix, { value, configurable: true, writable: true });
    }
  }
}
