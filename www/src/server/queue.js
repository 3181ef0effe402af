// `multi` and `pipeline` of clients on servers, and of those that give replies in ways of their own.

/** @import { Spec } from "../internal.js" */
/** @import { ServerEngine } from "./engine.js" */
/** @import { Replies } from "./replies.js" */

import { sendOptions } from "../calls.js";
import { Queue } from "../queue.js";
import { toWords } from "../shape.js";
import { ANY } from "./replies.js";

/** The queue of a client on a server, which has names of other clients too: see habits.js. */
export class ServerQueue extends Queue {}

export class ReadQueue extends ServerQueue {
  #replies;

  /** @internal @param {ServerEngine} engine @param {boolean} together @param {number | undefined} place @param {Replies} replies */
  constructor(engine, together, place, replies) {
    super(engine, together, place);
    this.#replies = replies;
  }

  /** @param {string} command @param {...unknown} args */
  send(command, ...args) {
    const { options, shape } = this.#replies.reading(ANY, sendOptions(command, args));
    return this._push(command, args, options, shape, "send");
  }

  /** @internal @param {Spec} spec @param {unknown[]} args */
  _call(spec, args) {
    const given = toWords(spec, args);
    const { options, shape } = this.#replies.reading(spec, given.options);
    return this._push(spec.command, given.words, options, shape, spec.method);
  }
}
