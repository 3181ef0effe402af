// Checks of options.

/** @import { GivenOptions, Unknown } from "./internal.js" */

import { mistake } from "./errors.js";
import { describe, isPlain } from "./values.js";

/** @type {GivenOptions} */
export const NO_OPTIONS = Object.freeze({});

/** The options that every command takes. */
export const CALL_OPTIONS = Object.freeze(["timeout", "signal", "bytes", "bigint", "cached"]);
const SUBSCRIBE_OPTIONS = Object.freeze(["bytes", "onMissed", "signal"]);

/**
 * Checks a number of milliseconds; `name` is how the error names it.
 * @param {string} name
 * @param {unknown} value
 */
export function milliseconds(name, value) {
  if (typeof value !== "number" || !(value > 0)) {
    throw mistake(`${name}: expected milliseconds greater than 0, or Infinity`);
  }
  return value;
}

/**
 * Refuses options that do not exist, so that a misspelt one is not ignored.
 * @param {string} what
 * @param {object} options
 * @param {readonly string[]} known
 */
export function checkOptions(what, options, known) {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw mistake(`${what}: ${name} is not an option (expected one of ${known.join(", ")})`);
    }
  }
}

/**
 * Checks the command of `send`, and takes the options off the end of its arguments.
 * @param {unknown} command
 * @param {unknown[]} args
 * @returns {GivenOptions}
 */
export function sendOptions(command, args) {
  let options = NO_OPTIONS;
  if (args.length > 0 && isPlain(args[args.length - 1])) options = /** @type {GivenOptions} */ (args.pop());
  if (typeof command !== "string") throw mistake(`the command is ${describe(command)} (expected a string)`);
  if (options !== NO_OPTIONS) checkOptions("send", options, CALL_OPTIONS);
  return options;
}

/**
 * Checks the arguments of a subscribe method: the callback may be left out. Returns the options with the callback.
 * @param {string} method
 * @param {Unknown} callback
 * @param {Unknown} options
 */
export function subscribeOptions(method, callback, options) {
  if (isPlain(callback) && options === undefined) [callback, options] = [undefined, callback];
  const { bytes = false, onMissed, signal } = options ?? {};
  checkOptions(method, options ?? {}, SUBSCRIBE_OPTIONS);
  for (const listener of [callback, onMissed]) {
    if (listener !== undefined && typeof listener !== "function") throw mistake("the listener is not a function");
  }
  return { callback, bytes, onMissed, signal };
}
