// Scripts that are methods: sent by digest once the server has them.

/** @typedef {{ lua: string, numberOfKeys?: number | null, readOnly?: boolean }} Definition */

import { createHash } from "node:crypto";

export class Script {
  /** @param {Definition} definition */
  constructor({ lua, numberOfKeys = null, readOnly = false }) {
    this.lua = lua;
    this.numberOfKeys = typeof numberOfKeys === "number" ? numberOfKeys : null;
    this.readOnly = readOnly;
    this.sha = createHash("sha1").update(lua).digest("hex");
  }

  /** The arguments of EVALSHA: without a fixed number of keys, the first argument is the number. @param {unknown[]} args */
  argsOf(args) {
    return this.numberOfKeys === null ? [this.sha, ...args] : [this.sha, this.numberOfKeys, ...args];
  }
}

/** Whether a server said that it does not have the script. @param {unknown} error */
export function isMissing(error) {
  return /** @type {{ serverCode?: string }} */ (error)?.serverCode === "NOSCRIPT";
}
