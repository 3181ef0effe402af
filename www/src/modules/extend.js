// What the modules of this folder share: they add methods to clients, and to `multi` and `pipeline`.

/** @import { Shape, Unknown } from "../internal.js" */

import { CALL_OPTIONS, checkOptions } from "../calls.js";
import { Client } from "../client.js";
import { mistake } from "../errors.js";
import { describe, isPlain } from "../values.js";

// In a bundle, an import of each module costs bytes.
export { checkOptions, Client, describe, isPlain, mistake };

/** The class of `multi` and `pipeline` has no name outside; neither needs an engine before something is sent. */
const QUEUE = Object.getPrototypeOf(new Client(/** @type {Unknown} */ (undefined)).pipeline());

/**
 * Adds methods. On a client, what a method throws rejects its promise.
 * @param {Record<string, (this: Unknown, ...args: Unknown[]) => unknown>} methods
 */
export function extend(methods) {
  for (const target of [Client.prototype, QUEUE]) {
    for (const name of Object.keys(methods)) {
      /** @this {Unknown} @param {...unknown} args */
      const value = function (...args) {
        try {
          return methods[name].apply(this, args);
        } catch (error) {
          if (target === QUEUE) throw error;
          return Promise.reject(error);
        }
      };
      Object.defineProperty(target, name, { value, configurable: true, writable: true });
    }
  }
}

/**
 * Takes the options off the end of the arguments; refuses those that do not exist.
 * @param {string} method
 * @param {Unknown[]} args
 * @param {readonly string[]} [known]
 * @returns {Unknown}
 */
export function optionsOf(method, args, known = []) {
  while (args.length > 0 && args[args.length - 1] === undefined) args.pop();
  const options = isPlain(args[args.length - 1]) ? args.pop() : {};
  checkOptions(method, options, [...known, ...CALL_OPTIONS]);
  return options;
}

/**
 * Sends a command of these words, or adds it to the queue.
 * @param {Unknown} target
 * @param {string} method
 * @param {unknown[]} words
 * @param {Unknown} options Those of the call are taken.
 * @param {Shape} [shape]
 */
export function call(target, method, [command, ...words], options, shape) {
  const own = Object.fromEntries(CALL_OPTIONS.map((name) => [name, options[name]]));
  const spec = { method, command, shape, parts: ["..."], takers: [], known: CALL_OPTIONS };
  return target._call(spec, [...words, own]);
}

/**
 * A list with at least one value.
 * @param {string} what
 * @param {Unknown} list
 * @returns {Unknown[]}
 */
export function some(what, list) {
  if (!Array.isArray(list)) throw mistake(`${what}: ${describe(list)} (expected an array)`);
  if (list.length === 0) throw mistake(`${what}: the array is empty`);
  return list;
}
