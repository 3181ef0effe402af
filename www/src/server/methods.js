// Commands that wait on the server, each on a connection of its own while it waits, and commands that others have replaced.
// Types and documentation are in server-methods.d.ts.

/** @import { Unknown } from "../internal.js" */

import { specOf } from "../shape.js";
import { ServerClient } from "./client.js";
import { element, own, popped } from "./replies.js";

/** @type {Unknown[]} The words are explained in ../commands.js. */
const TABLE = [
  ["blMove", "5"],
  ["blMoveM", "5 {COUNT EXACTLY OBO BULK}"],
  ["blmPop", "$ # $ {COUNT}", "elements"],
  ["blPop", "$* $", element],
  ["brPop", "$* $", element],
  ["brPopLPush", "3"],
  ["bzmPop", "$ # $ {COUNT}", "members"],
  ["bzPopMax", "$* $", popped],
  ["bzPopMin", "$* $", popped],
  ["xRead", "{COUNT MAXCOUNT MAXSIZE BLOCK} STREAMS >", "streams"],
  ["xReadGroup", "XREADGROUP GROUP $ $ {COUNT MAXCOUNT MAXSIZE BLOCK CLAIM NOACK} STREAMS >", "streams"],
  ["getSet", "2"],
  ["hmSet", "$ %"],
  ["pSetEx", "3"],
  ["rPopLPush", "2"],
  ["setEx", "3"],
  ["setNX", "2"],
];

for (const [method, words, reply] of TABLE) {
  const spec = specOf(method, words, reply);
  own(spec);
  Object.defineProperty(ServerClient.prototype, spec.method, {
    /** @this {Unknown} @param {...unknown} args */
    value(...args) {
      while (args.length > spec.least && args[args.length - 1] === undefined) args.pop();
      return this._call(spec, args);
    },
    configurable: true,
    writable: true,
  });
}
