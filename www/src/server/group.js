// A group of deployments, of which one is used at a time.

/** @import { Unknown } from "../internal.js" */
/** @import { ServerEngine } from "./engine.js" */

import { mistake } from "../errors.js";
import { describe } from "../values.js";

export class Group {
  #engine;

  /** @internal Use `group` of a client. @param {ServerEngine} engine */
  constructor(engine) {
    this.#engine = engine;
  }

  /** The members and how they are. */
  get members() {
    return /** @type {Unknown} */ (this.#engine.status()).members ?? [];
  }

  /** The name of the member in use; `null` before there was a healthy one. @returns {string | null} */
  get active() {
    return this.members.find((/** @type {Unknown} */ one) => one.active)?.name ?? null;
  }

  /** Has this member used while it is healthy, until `release`; whether it is in use now. @param {string} name @returns {Promise<boolean>} */
  failOverTo(name) {
    return this.#change("failOver", name);
  }

  /** The healthy member with the most weight is used again. @returns {Promise<void>} */
  release() {
    return this.#change("release", "");
  }

  /** Closes the connections to a member, once another one is used. @param {string} name @returns {Promise<void>} */
  remove(name) {
    return this.#change("remove", name);
  }

  /** @param {string} name @param {number} weight @returns {Promise<void>} */
  async setWeight(name, weight) {
    if (!(typeof weight === "number" && weight >= 0)) throw mistake("setWeight: expected a number, 0 or more");
    return this.#change("weight", name, weight);
  }

  /** @param {string} what @param {string} name @param {number} [weight] */
  async #change(what, name, weight = 0) {
    if (typeof name !== "string") throw mistake(`group: ${describe(name)} (expected the name of a member)`);
    return this.#engine.run("group", (raw, task) => raw.changeGroup(task, what, name, weight));
  }
}
