// From WATCH, or from MULTI without a pipeline, to EXEC, UNWATCH or DISCARD: commands on a connection of their own, so that
// nobody else's fall in.

/** @import { Unknown } from "../internal.js" */
/** @import { OwnLink } from "./link.js" */
/** @import { Results } from "./pipeline.js" */

import { Command } from "./command.js";
import { ReplyError, translated } from "./errors.js";
import { decoded } from "./values.js";

const BEGINS = new Set(["WATCH", "MULTI"]);
const ENDS = new Set(["EXEC", "UNWATCH", "DISCARD"]);

/** Whether the command needs a connection of its own from now on. @param {Command} command */
export function begins(command) {
  return BEGINS.has(command.wireName);
}

/** The reply of a command that ends what has not begun. @param {Command} command @returns {string | Error | null} */
export function endOfNothing({ wireName }) {
  if (wireName === "UNWATCH") return "OK";
  return ENDS.has(wireName) ? new ReplyError(`ERR ${wireName} without MULTI`) : null;
}

export class Session {
  #link;
  #closed;
  #open = 0;
  #ended = false;

  /**
   * `closed` is called when the connection was given back.
   * @param {Promise<OwnLink>} link
   * @param {() => void} closed
   */
  constructor(link, closed) {
    this.#closed = closed;
    this.#link = link;
    // Each command gets the error.
    this.#link.catch(() => {});
  }

  /** @param {Command} command @param {boolean} [byText] @returns {Promise<Unknown>} */
  async run(command, byText) {
    this.#open += 1;
    if (BEGINS.has(command.wireName)) this.#ended = false;
    else if (ENDS.has(command.wireName)) this.#ended = true;
    try {
      return await this.#link.then((link) => link.execute(command, byText));
    } finally {
      this.#open -= 1;
      if (this.#open === 0 && this.#ended) this.end();
    }
  }

  /** Commands between MULTI and EXEC; null if a watched key has changed. @param {readonly Command[]} commands @returns {Promise<Results | null>} */
  async transaction(commands) {
    const begun = this.run(new Command("multi"));
    const queued = commands.map((command) => this.run(command, command.script !== undefined));
    const outcomes = Promise.allSettled(queued);
    const executed = this.run(new Command("exec"));
    executed.catch(() => {});
    await begun;
    const previousErrors = [];
    for (const [place, outcome] of (await outcomes).entries()) {
      if (outcome.status === "fulfilled") continue;
      const error = translated(outcome.reason, commands[place]);
      commands[place].reject(error);
      previousErrors.push(error);
    }
    let replies;
    try {
      replies = await executed;
    } catch (error) {
      throw Object.assign(translated(error), { previousErrors });
    }
    if (replies === null) return null;
    return replies.map((/** @type {Unknown} */ reply, /** @type {number} */ place) => {
      if (reply instanceof Error) return [reply];
      const command = commands[place];
      return [null, command.transformReply(decoded(reply, command.replyEncoding))];
    });
  }

  /** Gives the connection back. */
  end() {
    this.#closed();
    this.#link.then((link) => link.release(), () => {});
  }
}
