// Methods made of a table, as those of the client are.

/** @import { Spec, Unknown } from "../internal.js" */

import { specOf } from "../shape.js";
import { some } from "./extend.js";

/**
 * The methods of a table, whose rows are those of commands.js with a shape in place of its name; the command is the method
 * in capitals, with a dot behind its first part, unless the words begin with another.
 * @param {[method: string, words: string, shape?: Unknown][]} table
 * @param {(spec: Spec, args: Unknown[]) => Spec} prepare Looks at the arguments, and may change them.
 */
export function rows(table, prepare) {
  /** @type {Record<string, (this: Unknown, ...args: Unknown[]) => unknown>} */
  const methods = {};
  for (const [method, words, shape] of table) {
    const command = /^[A-Z]/.test(words) ? "" : method.replace(/^[a-z]+/, "$&.").toUpperCase();
    const spec = specOf(method, `${command} ${words}`.trim(), shape);
    methods[method] = function (...args) {
      while (args.length > spec.least && args[args.length - 1] === undefined) args.pop();
      for (const one of args) if (Array.isArray(one)) some(method, one);
      return this._call(prepare(spec, args), args);
    };
  }
  return methods;
}
